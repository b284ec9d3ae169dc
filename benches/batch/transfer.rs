//! One large object to a store and back, by mlctl's own storage. Prints seconds.

use std::path::Path;
use std::time::Instant;

use mlctl::storage::{NoProgress, Place, StorageConfig, Stores};

pub(crate) fn measure(what: &str, place: &str, file: &Path) {
    let stores =
        Stores::new(StorageConfig { env: std::env::vars().collect(), ..StorageConfig::default() });
    let place = Place::from(place);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let began = Instant::now();
    runtime.block_on(async {
        match what {
            "upload" => drop(stores.send_file(file, &place, &NoProgress).await.unwrap()),
            "download" => drop(stores.fetch(&place, file, &NoProgress).await.unwrap()),
            _ => panic!("upload or download"),
        }
    });
    println!("{}", began.elapsed().as_secs_f64());
}
