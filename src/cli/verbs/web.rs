//! `mlctl web`: a folder for this machine's browsers.

use std::io::ErrorKind as IoErrorKind;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::cli::{CliError, Context, ErrorKind, Interrupts, exit};
use crate::text::shell_word;
use crate::work::site::serve_folder;

/// The port where it is free: a site's offline copy belongs to its port, so it should be the same each time.
const PORT: u16 = 8000;
/// How often it is looked whether somebody has ended it.
const LOOK: Duration = Duration::from_millis(50);

/// Arguments of `web`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Serves the folder on 127.0.0.1 until Ctrl-C, for nobody outside of this machine. Any other
server of files does as well: a site of `mlctl export --pwa` needs no more.

Examples:
  mlctl web ./site
  mlctl web ./site --port 9000")]
pub struct WebArgs {
    /// The folder with index.html
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The port [default: 8000, or a free one where that is taken]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}

/// Serves until somebody ends it; returns the exit code.
pub fn web(context: &Context, args: &WebArgs) -> Result<u8, CliError> {
    let folder = context.env.cwd.join(&args.dir);
    let named = args.dir.display();
    if !folder.is_dir() {
        let what = if folder.exists() { "is no folder" } else { "does not exist" };
        let error = CliError::new(ErrorKind::NotFound, format!("{named} {what}"));
        return Err(
            error.hint("a folder with index.html is served, such as `mlctl export --pwa` makes")
        );
    }
    if !folder.join("index.html").is_file() {
        let inner = ["pwa", "model/pwa"]
            .into_iter()
            .find(|inner| folder.join(inner).join("index.html").is_file());
        let error = CliError::new(ErrorKind::NotFound, format!("{named} has no index.html"));
        return Err(match inner {
            Some(inner) => {
                let place = args.dir.join(inner);
                error.hint(format!(
                    "the site is in it: mlctl web {}",
                    shell_word(&place.to_string_lossy())
                ))
            }
            None => error.hint("`mlctl export MODEL --to tfjs --pwa` makes a site"),
        });
    }
    let interrupts = Interrupts::listen()?;
    let handle = context.handle()?;
    let listener = handle.block_on(listener(args.port))?;
    let address = listener.local_addr()?;
    context.printer.data(&format!("http://{address}/\n"))?;
    context.printer.say(format!("serving {named} to this machine alone; Ctrl-C ends it"));
    let serving = handle.spawn(serve_folder(listener, folder));
    while interrupts.count() == 0 && !interrupts.hung_up() {
        std::thread::sleep(LOOK);
    }
    serving.abort();
    Ok(exit::OK)
}

async fn listener(port: Option<u16>) -> Result<TcpListener, CliError> {
    let asked = port.unwrap_or(PORT);
    match TcpListener::bind((Ipv4Addr::LOCALHOST, asked)).await {
        Ok(listener) => Ok(listener),
        Err(error) if port.is_none() && error.kind() == IoErrorKind::AddrInUse => {
            Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
        }
        Err(error) => {
            let error = CliError::new(ErrorKind::Refused, format!("port {asked}: {error}"));
            Err(error.hint("--port names another one; without it a free one is taken"))
        }
    }
}
