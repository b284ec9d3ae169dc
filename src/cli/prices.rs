//! Which price file is used for which runtime.

use super::{CliError, Context, ErrorKind, LOCAL};
use crate::ops::cost::{PriceFile, Prices};
use crate::runtime::kubernetes::Location;
use crate::storage::{DOCUMENT_LIMIT, read_text};

impl Context {
    /// What things cost in a runtime, as its record names it.
    pub fn prices(&self, runtime: &str) -> Result<Prices, CliError> {
        if runtime == LOCAL {
            return Ok(Prices::Free);
        }
        let location = runtime.parse::<Location>().ok();
        self.cluster_prices(location.map(|location| location.context).as_deref())
    }

    /// What things cost in a cluster, by the name of its context.
    pub fn cluster_prices(&self, context: Option<&str>) -> Result<Prices, CliError> {
        let named = context.and_then(|context| self.settings.named(context));
        let file = named.and_then(|named| named.prices.as_ref()).or(self.settings.prices.as_ref());
        let Some(file) = file else { return Ok(Prices::Unknown) };
        if let Some(known) = self.prices.borrow().get(file) {
            return Ok(known.clone());
        }
        let path = self.env.config_dir().join(file);
        let wrong = |error: String| {
            CliError::new(ErrorKind::Usage, format!("the price file {}: {error}", path.display()))
                .hint("the setting `prices` names it; `mlctl cost --template gcp` prints one")
        };
        let text = read_text(&path, DOCUMENT_LIMIT).map_err(|error| wrong(error.to_string()))?;
        let custom: Vec<String> = self.settings.accelerators.keys().cloned().collect();
        let prices = PriceFile::parse(&text, &custom).map_err(|error| wrong(error.to_string()))?;
        let prices = Prices::File(prices);
        self.prices.borrow_mut().insert(file.clone(), prices.clone());
        Ok(prices)
    }

    /// The same where a broken price file is no reason to stop: it is told once.
    pub fn prices_or_warn(&self, runtime: &str) -> Prices {
        if self.prices_are_broken.get() {
            return Prices::Unknown;
        }
        self.prices(runtime).unwrap_or_else(|error| {
            self.prices_are_broken.set(true);
            self.printer.warn(&error.message);
            Prices::Unknown
        })
    }
}
