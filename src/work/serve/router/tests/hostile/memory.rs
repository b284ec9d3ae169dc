//! How much memory attacks cost: that of a process in which nothing but a router is, as the kernel
//! counts it (`VmHWM` of `/proc/PID/status`, the most that was ever resident).

use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use super::attacks;
use super::servers;
use super::support::{House, config, server};
use super::wire::Wire;

/// Addresses of the two servers, for the process that is the router.
const SERVERS: &str = "MLCTL_TEST_ROUTER_BEFORE";
const CHILD: &str = "tests::hostile::memory::is_a_router_when_it_is_told_to";

/// Attackers at once, of each kind.
const ATTACKERS: usize = 20;
/// What all of them together may cost, in KiB. An attacker who found no bound would have sent some
/// hundred megabytes alone.
const MOST: u64 = 32 << 10;

/// Not a test of its own: the process that [`attacks_cost_little_memory`] measures. It ends with its
/// standard input.
#[test]
fn is_a_router_when_it_is_told_to() {
    let Ok(servers) = std::env::var(SERVERS) else { return };
    let (good, bad) = servers.split_once(' ').unwrap();
    let mut config = config(good.parse().unwrap(), bad.parse().unwrap());
    config.limits.max_body = 1 << 40;
    config.limits.timeout = std::time::Duration::from_secs(3);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        drop(ended);
    });
    runtime.block_on(async {
        let house = House::new(config).await;
        println!("\nAT {}", house.address);
        let _ = end.await;
    });
}

struct Child {
    process: tokio::process::Child,
    address: SocketAddr,
}

impl Child {
    async fn new(good: SocketAddr, bad: SocketAddr) -> Self {
        let mut process = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD, "--nocapture", "--test-threads", "1"])
            .env(SERVERS, format!("{good} {bad}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().expect("it says where it is");
            if let Some(address) = line.strip_prefix("AT ") {
                break address.parse().unwrap();
            }
        };
        // What it says at its end is for nobody, but it must have somebody to say it to.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, address }
    }

    /// A figure of the kernel's, in KiB.
    fn kib(&self, name: &str) -> u64 {
        let mut status = String::new();
        let path = format!("/proc/{}/status", self.process.id().unwrap());
        std::fs::File::open(path).unwrap().read_to_string(&mut status).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn attacks_cost_little_memory() {
    let (good, _) = servers::good().await;
    // It takes requests' heads and nothing else, and says nothing.
    let bad = server(|mut stream, _| async move {
        servers::read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut child = Child::new(good, bad).await;
    let mut wire = Wire::open(child.address).await;
    assert_eq!(wire.ask("good").await.unwrap().status, 200);
    let before = child.kib("VmRSS:");

    let address = child.address;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..ATTACKERS {
        tasks.spawn(async move { drop(attacks::head_bomb(address).await) });
        tasks.spawn(async move { drop(attacks::body_bomb(address, "bad").await) });
        tasks.spawn(async move {
            attacks::continuation_flood(address).await;
        });
        tasks.spawn(async move {
            drop(attacks::answered(address, attacks::rapid_reset()).await);
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let mut wire = Wire::open(address).await;
    assert_eq!(wire.ask("good").await.unwrap().status, 200);
    let grown = child.kib("VmHWM:").saturating_sub(before);
    println!("{grown} KiB more");
    assert!(grown < MOST, "{grown} KiB more");

    drop(child.process.stdin.take());
    assert!(child.process.wait().await.unwrap().success());
}
