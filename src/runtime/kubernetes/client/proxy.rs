//! Which proxy leads to an API server, as kubectl decides it.

use std::net::IpAddr;

/// The proxy variables of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    /// `HTTPS_PROXY`, or `https_proxy`.
    pub https: Option<String>,
    /// `HTTP_PROXY`, or `http_proxy`.
    pub http: Option<String>,
    /// `NO_PROXY`, or `no_proxy`.
    pub none: Option<String>,
}

impl ProxyVariables {
    /// The proxy for a server of this scheme, host and port; loopback never goes through one.
    pub(crate) fn proxy_for(&self, scheme: &str, host: &str, port: u16) -> Option<&str> {
        let proxy = if scheme == "https" { &self.https } else { &self.http };
        let proxy = proxy.as_deref().filter(|proxy| !proxy.is_empty())?;
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let local = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let named = self.none.as_deref().unwrap_or_default().split(',').map(str::trim);
        let excepted =
            named.filter(|rule| !rule.is_empty()).any(|rule| matches(rule, host, address, port));
        (!local && !excepted).then_some(proxy)
    }
}

/// One entry of `NO_PROXY`: `*`, an address, a range, a name, `.suffix`, each perhaps with a port.
fn matches(rule: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let Some(address) = address {
        if let Some((net, bits)) = rule.split_once('/') {
            return in_range(address, net, bits);
        }
        if rule.parse() == Ok(address) {
            return true;
        }
    }
    let (name, only) = match rule.rsplit_once(':') {
        Some((name, number)) if !name.contains(':') => (name, number.parse::<u16>().ok()),
        _ => (rule, None),
    };
    if only.is_some_and(|only| only != port) {
        return false;
    }
    if let Some(address) = address {
        return name.parse() == Ok(address);
    }
    let name = name.trim_start_matches('*').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(&name),
        None => host == name || host.ends_with(&format!(".{name}")),
    }
}

/// The address is in the range `net/bits`. A range that can't be understood has no addresses.
fn in_range(address: IpAddr, net: &str, bits: &str) -> bool {
    let (Ok(net), Ok(bits)) = (net.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(net)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            address.to_bits() & mask == net.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_is_about_the_server() {
        let proxy = |none: &str, host: &str| {
            let variables = ProxyVariables {
                https: Some("http://proxy.corp:3128".into()),
                http: None,
                none: Some(none.into()),
            };
            variables.proxy_for("https", host, 6443).is_some()
        };
        assert!(proxy("", "k8s.example.com"));
        assert!(!proxy("", "127.0.0.1"));
        assert!(!proxy("*", "k8s.example.com"));
        assert!(!proxy("example.com", "k8s.example.com"));
        assert!(!proxy(".example.com", "k8s.example.com"));
        assert!(proxy(".example.com", "example.com"));
        assert!(!proxy("other, 192.0.2.0/24", "192.0.2.7"));
        assert!(proxy("192.0.2.0/24", "198.51.100.7"));
        assert!(proxy("k8s.example.com:443", "k8s.example.com"));
        assert!(!proxy("k8s.example.com:6443", "k8s.example.com"));
    }
}
