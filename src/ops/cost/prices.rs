//! The price file: what a core, a GiB and an accelerator cost for an hour.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hardware::accelerator;
use crate::text::nearest;

/// Prices as a file says them. All are for one hour, in one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriceFile {
    /// The currency's code, for people only. Default USD.
    #[serde(default = "usd")]
    pub currency: String,
    /// Price of one core for an hour.
    pub cpu_hour: f64,
    /// Price of one GiB of memory for an hour.
    #[serde(rename = "memoryGiBHour")]
    pub memory_gib_hour: f64,
    /// Price of one accelerator for an hour, by the type that specs name, or by the name of its
    /// resource.
    #[serde(default)]
    pub accelerator_hours: BTreeMap<String, f64>,
    /// Nodes that can be taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<SpotPrices>,
    /// Nodes with prices of their own. The first entry that fits counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodePrices>,
}

/// Prices of nodes that can be taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpotPrices {
    /// Their part of the other prices, for example 0.4.
    pub factor: f64,
    /// A node with any of these labels is one.
    pub labels: BTreeMap<String, String>,
}

/// Prices of nodes with certain labels; what is not said is as everywhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodePrices {
    /// Labels that a node must have, all of them, for these prices to count.
    pub labels: BTreeMap<String, String>,
    /// Price of one core for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_hour: Option<f64>,
    /// Price of one GiB of memory for an hour.
    #[serde(default, rename = "memoryGiBHour", skip_serializing_if = "Option::is_none")]
    pub memory_gib_hour: Option<f64>,
    /// Price of one accelerator for an hour, by its type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accelerator_hours: BTreeMap<String, f64>,
    /// Times all of these prices, for example 0.7 with a reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
}

/// A price file can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PriceError(String);

/// What a place costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Prices {
    /// A cluster for which nobody has written a price file: costs can't be known.
    #[default]
    Unknown,
    /// The user's own machine, which costs nothing.
    Free,
    /// The prices of this file.
    File(PriceFile),
}

fn usd() -> String {
    "USD".into()
}

impl PriceFile {
    /// Reads a file. `custom` are the accelerators that the settings add to the known ones.
    pub fn parse(text: &str, custom: &[String]) -> Result<Self, PriceError> {
        let file: Self =
            serde_saphyr::from_str(text).map_err(|error| PriceError(error.to_string()))?;
        file.check(custom)?;
        Ok(file)
    }

    fn check(&self, custom: &[String]) -> Result<(), PriceError> {
        let mut numbers = vec![
            ("cpuHour".to_owned(), self.cpu_hour),
            ("memoryGiBHour".to_owned(), self.memory_gib_hour),
        ];
        let types = |at: &str, hours: &BTreeMap<String, f64>| -> Vec<(String, f64)> {
            hours.iter().map(|(name, price)| (format!("{at}.{name}"), *price)).collect()
        };
        numbers.extend(types("acceleratorHours", &self.accelerator_hours));
        numbers.extend(self.spot.iter().map(|spot| ("spot.factor".to_owned(), spot.factor)));
        let mut names: Vec<&String> = self.accelerator_hours.keys().collect();
        for (i, node) in self.nodes.iter().enumerate() {
            let at = |field: &str| format!("nodes[{i}].{field}");
            if node.labels.is_empty() {
                return Err(PriceError(format!(
                    "{}: say which nodes are meant, for example {{pool: reserved}}",
                    at("labels")
                )));
            }
            numbers.extend(node.cpu_hour.map(|price| (at("cpuHour"), price)));
            numbers.extend(node.memory_gib_hour.map(|price| (at("memoryGiBHour"), price)));
            numbers.extend(node.factor.map(|factor| (at("factor"), factor)));
            numbers.extend(types(&at("acceleratorHours"), &node.accelerator_hours));
            names.extend(node.accelerator_hours.keys());
        }
        if let Some((at, price)) = numbers.iter().find(|(_, n)| !n.is_finite() || *n < 0.0) {
            return Err(PriceError(format!("{at}: {price} is not a price: write 0 or more")));
        }
        let unknown = |name: &&&String| {
            accelerator::find(name).is_none() && !custom.contains(name) && !name.contains('/')
        };
        if let Some(name) = names.iter().find(unknown) {
            let known = accelerator::ACCELERATORS.iter().map(|known| known.name);
            let meant = accelerator::suggest(name)
                .or_else(|| nearest(name, known))
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            return Err(PriceError(format!(
                "acceleratorHours: there is no accelerator `{name}`{meant}"
            )));
        }
        Ok(())
    }
}

impl Prices {
    /// The currency, where there is one.
    pub fn currency(&self) -> Option<&str> {
        match self {
            Self::File(file) => Some(&file.currency),
            Self::Unknown | Self::Free => None,
        }
    }
}

/// `4.12 USD`; small amounts keep two digits that say something.
pub fn money(amount: f64, currency: &str) -> String {
    match amount {
        a if a > 0.0 && a < 0.0001 => format!("<0.0001 {currency}"),
        a if a > 0.0 && a < 0.01 => format!("{a:.4} {currency}"),
        a if a > 0.0 && a < 0.1 => format!("{a:.3} {currency}"),
        a => format!("{a:.2} {currency}"),
    }
}
