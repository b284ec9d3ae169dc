//! A model server that does the least that a real one has to: TF Serving's REST form over HTTP/1.1, the
//! numbers of each row read from its JSON, a logistic regression over them, the answers written as JSON.
//! It runs on one thread, and prints its port.

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const STATUS: &str = r#"{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}"#;
const WEIGHTS: [f64; 6] = [0.001, -0.5, 0.25, 0.03, 0.125, -0.002];

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    instances: Vec<Instance<'a>>,
}

#[derive(Deserialize)]
struct Instance<'a> {
    pixels: Vec<f64>,
    #[serde(borrow)]
    id: &'a RawValue,
}

pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            connection.set_nodelay(true).unwrap();
            // A client that goes away ends its own connection only.
            tokio::spawn(async move { drop(answer(connection).await) });
        }
    });
}

async fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let (mut buffer, mut out) = (Vec::with_capacity(64 << 10), Vec::new());
    loop {
        let head = loop {
            if let Some(end) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if connection.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let (is_post, length) = asked(&buffer[..head]);
        while buffer.len() < head + length {
            if connection.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let (status, body) = if is_post {
            predictions(&buffer[head..head + length])
        } else {
            ("200 OK", STATUS.to_owned())
        };
        out.clear();
        let begin = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        out.extend_from_slice(begin.as_bytes());
        out.extend_from_slice(body.as_bytes());
        buffer.drain(..head + length);
        connection.write_all(&out).await?;
    }
}

/// Whether a head is that of a POST, and how long its body is.
fn asked(head: &[u8]) -> (bool, usize) {
    let text = str::from_utf8(head).unwrap_or_default();
    let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    (text.starts_with("POST "), length.unwrap_or(0))
}

fn predictions(body: &[u8]) -> (&'static str, String) {
    let body: Body = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => return ("400 Bad Request", format!("{{\"error\":\"{error}\"}}")),
    };
    let predict = |instance: &Instance| {
        std::hint::black_box(instance.id);
        let sum: f64 = instance.pixels.iter().zip(WEIGHTS).map(|(x, w)| x * w).sum();
        let positive = 1.0 / (1.0 + (-sum).exp());
        [1.0 - positive, positive]
    };
    let all: Vec<[f64; 2]> = body.instances.iter().map(predict).collect();
    ("200 OK", format!("{{\"predictions\":{}}}", serde_json::to_string(&all).unwrap_or_default()))
}
