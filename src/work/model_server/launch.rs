//! What a server is started with: its words, its variables, its ports.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::plan::{DECLARED, Declared, Expansion, Protocol, ServerPlan};

/// What mlctl has for itself alone: what it is told to do, and the words that let it in elsewhere.
const OF_MLCTL: [&str; 5] =
    ["MLCTL_BATCH", "MLCTL_SERVING", "MLCTL_SERVES", "MLCTL_ENDPOINT_TOKEN", DECLARED];

/// Ports of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// For HTTP: `{port}`.
    pub http: u16,
    /// For gRPC: `{grpcPort}`.
    pub grpc: u16,
}

/// Two ports that nobody uses now; for HTTP the one on which the server always listens, where there is
/// such a one. Somebody may take one before the server does: then the server ends, and is started again.
/// Where the server's own port is in use the error says so, since another server would answer for it.
pub fn free_ports(plan: &ServerPlan) -> io::Result<Ports> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let (http, grpc) = (bind(0)?, bind(0)?);
    let grpc = grpc.local_addr()?.port();
    let Some(port) = plan.port else {
        return Ok(Ports { http: http.local_addr()?.port(), grpc });
    };
    match bind(port) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(io::Error::new(
            error.kind(),
            format!(
                "port {port}, on which the server always listens (`routes.port`), is in use: end what \
                 has it, run one replica at a time on this machine, or let the server listen at \
                 AIP_HTTP_PORT and leave `routes.port` out"
            ),
        )),
        // A port that only the server may open is its matter.
        _ => Ok(Ports { http: port, grpc }),
    }
}

/// What to say of several replicas of one machine whose servers always listen on the same port.
pub fn one_at_a_time(port: u16, replicas: u32) -> String {
    format!(
        "routes.port: {replicas} replicas listen on {port}, and on this machine one of them can: let them \
         listen at {{port}} or AIP_HTTP_PORT, or write `replicas: 1`"
    )
}

/// A server as it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// All variables of its environment: none is inherited.
    pub environment: BTreeMap<String, String>,
    /// Where it is asked: `http://127.0.0.1:PORT`.
    pub base: String,
    /// Where its HTTP routes are, which tell of its health.
    pub http: String,
}

impl Launch {
    /// Fills in `{port}`, `{grpcPort}`, `{model}` and `{name}`, and adds the variables that containers
    /// for Vertex AI read. Other braces are the command's own. Without a fetched `model`, `{model}` is
    /// empty. `$(VAR)` is replaced by what the environment says is declared, and by what is added.
    pub fn new(
        plan: &ServerPlan,
        command: &[String],
        environment: &BTreeMap<String, String>,
        ports: Ports,
        model: Option<&Path>,
    ) -> Self {
        let model = model.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let values = [
            ("{port}", ports.http.to_string()),
            ("{grpcPort}", ports.grpc.to_string()),
            ("{name}", plan.model_name.clone()),
            ("{model}", model.clone()),
        ];
        let declared = environment.get(DECLARED).and_then(|json| serde_json::from_str(json).ok());
        let own: Vec<Declared> = declared.unwrap_or_default();
        let mut environment = environment.clone();
        environment.retain(|name, _| !OF_MLCTL.contains(&name.as_str()));
        let route = |route: &Option<String>, usual: &str| {
            format!("/{}", route.as_deref().unwrap_or(usual).trim_start_matches('/'))
        };
        let of_vertex = [
            ("AIP_HTTP_PORT", ports.http.to_string()),
            ("AIP_PREDICT_ROUTE", route(&plan.predict_route, "")),
            ("AIP_HEALTH_ROUTE", route(&plan.health_route, "health")),
            ("AIP_STORAGE_URI", model),
            ("AIP_MODE", "PREDICTION".to_owned()),
        ];
        let mut declared = of_vertex.each_ref().map(|(name, _)| Declared::given(*name)).to_vec();
        declared.extend(own);
        environment.extend(of_vertex.map(|(name, value)| (name.to_owned(), value)));
        let mut variables: Vec<(String, String)> = environment.into_iter().collect();
        let known = Expansion::of(&declared, &mut variables);
        // Together, so that no value is looked through a second time.
        let argv = command.iter().map(|word| known.expand_with(word, |text| filled(text, &values)));
        let argv = argv.collect();
        let environment = variables.into_iter().collect();
        let port = match plan.protocol {
            Protocol::TensorflowGrpc | Protocol::V2Grpc => ports.grpc,
            _ => ports.http,
        };
        Self {
            argv,
            environment,
            base: format!("http://127.0.0.1:{port}"),
            http: format!("http://127.0.0.1:{}", ports.http),
        }
    }
}

/// One pass from left to right, so that a value with a placeholder in it stays as it is.
fn filled(word: &str, values: &[(&str, String)]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(word.len()), word);
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, value) = values
            .iter()
            .find(|(name, _)| rest.starts_with(name))
            .map_or((&rest[..1], &rest[..1]), |(name, value)| (*name, value.as_str()));
        filled.push_str(value);
        rest = &rest[name.len()..];
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::protocol::fixture::server_plan;

    #[test]
    fn variables_are_replaced_as_in_a_container_of_vertex() {
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let command = text(&[
            "serve",
            "--port=$(AIP_HTTP_PORT)",
            "$(OWN)",
            "$$(OWN)",
            "$(HOME)",
            "{\"a\":$(RANK),{port}}",
        ]);
        let declared = [
            Declared::given("RANK"),
            Declared { name: "OWN".into(), literal: true },
            Declared { name: "URL".into(), literal: true },
        ];
        let own = [
            ("HOME", "/h"),
            ("OWN", "{port}$$"),
            ("RANK", "0"),
            ("URL", "$(AIP_STORAGE_URI)/$(OWN)"),
            (DECLARED, &serde_json::to_string(&declared).unwrap()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let ports = Ports { http: 1, grpc: 2 };
        let plan = server_plan(Protocol::Vertex);
        let launch = Launch::new(&plan, &command, &own, ports, Some(Path::new("/m")));
        let words = ["serve", "--port=1", "{port}$", "$(OWN)", "$(HOME)", "{\"a\":0,1}"];
        assert_eq!(launch.argv, words);
        assert_eq!(launch.environment["URL"], "/m/{port}$");
        assert!(!launch.environment.contains_key(DECLARED));
    }

    #[test]
    fn placeholders_are_filled_in_and_other_braces_stay() {
        let plan = ServerPlan { model_name: "{port}".into(), ..server_plan(Protocol::Vertex) };
        let command: Vec<String> =
            ["a", "--p={port}:{grpcPort}", "{model}/{name}", r#"{"x":{port}}"#, "{"]
                .map(str::to_owned)
                .to_vec();
        let ports = Ports { http: 1, grpc: 2 };
        let own = BTreeMap::from([
            ("MLCTL_ENDPOINT_TOKEN".to_owned(), "secret".to_owned()),
            ("HOME".to_owned(), "/h".to_owned()),
        ]);
        let launch = Launch::new(&plan, &command, &own, ports, Some(Path::new("/m")));
        assert_eq!(launch.argv, ["a", "--p=1:2", "/m/{port}", r#"{"x":1}"#, "{"]);
        let variables: Vec<String> =
            launch.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            variables,
            [
                "AIP_HEALTH_ROUTE=/health",
                "AIP_HTTP_PORT=1",
                "AIP_MODE=PREDICTION",
                "AIP_PREDICT_ROUTE=/",
                "AIP_STORAGE_URI=/m",
                "HOME=/h"
            ]
        );
        assert_eq!(launch.base, "http://127.0.0.1:1");
        let grpc = Launch::new(&server_plan(Protocol::V2Grpc), &command, &own, ports, None);
        assert_eq!(grpc.base, "http://127.0.0.1:2");
    }
}
