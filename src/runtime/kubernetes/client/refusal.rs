//! Why the cluster refuses to make pods, and whether waiting could change that.

use std::collections::BTreeMap;

use crate::text::quantity;

/// What refusals say that are about the pod itself, or about something that an administrator would
/// have to make: the next pod of the same Job would meet the same.
const FOR_GOOD: [&str; 10] = [
    // Pod Security admission, and OpenShift's.
    "violates PodSecurity",
    "unable to validate against any security context constraint",
    // A LimitRange: `maximum memory usage per Container is 1Gi, but limit is 2Gi`.
    " usage per ",
    "limit to request ratio per ",
    // A quota over something that the pod doesn't say.
    "must specify ",
    "error looking up service account",
    "pod rejected: RuntimeClass",
    "no PriorityClass with name ",
    // Webhooks and admission policies that have looked at the pod. One that fails says otherwise.
    "denied the request",
    "denied request",
];

/// Whether a refusal to make a pod stays as it is, however long a run waits. `needs` is what all pods
/// of the run ask for together, by resource: a quota that is smaller than that is never enough, and
/// one that others have used up may be free again.
pub(crate) fn is_for_good(message: &str, needs: &BTreeMap<String, f64>) -> bool {
    if message.contains("exceeded quota: ") {
        return exceeds_alone(message, needs);
    }
    let is_invalid = message.contains("Pod \"") && message.contains("\" is invalid: ");
    is_invalid || FOR_GOOD.iter().any(|words| message.contains(words))
}

/// A refusal without the pod's name, which says nothing to people and differs each time.
pub(crate) fn short(message: &str) -> String {
    let message = message.strip_prefix("Error creating: ").unwrap_or(message);
    match message.split_once(" is forbidden: ") {
        Some((pod, why)) if pod.starts_with("pods ") => why.to_owned(),
        _ => message.to_owned(),
    }
}

/// A quota is smaller than what the run needs by itself: `exceeded quota: q, requested: cpu=1, used:
/// cpu=0, limited: cpu=500m`. Where the run's own objects don't say what it needs, what is asked for
/// one pod counts.
fn exceeds_alone(message: &str, needs: &BTreeMap<String, f64>) -> bool {
    let one = amounts(message, "requested: ");
    amounts(message, "limited: ").iter().any(|(resource, hard)| {
        let asked = one.get(resource).copied().unwrap_or(0.0);
        needs_of(needs, resource).max(asked) > *hard
    })
}

/// What a run needs of a resource as quotas call it.
pub(crate) fn needs_of(needs: &BTreeMap<String, f64>, resource: &str) -> f64 {
    let plain = match resource {
        "count/pods" => "pods",
        // Requests are limits too, but for the CPU, which has none.
        "limits.memory" => "memory",
        other => other.strip_prefix("requests.").unwrap_or(other),
    };
    needs.get(plain).copied().unwrap_or(0.0)
}

/// The amounts of a list within a message, `NAME=AMOUNT,NAME=AMOUNT`, which begins behind `start` and
/// ends at a comma with a space.
fn amounts(message: &str, start: &str) -> BTreeMap<String, f64> {
    let Some((_, rest)) = message.split_once(start) else { return BTreeMap::new() };
    let list = rest.split(", ").next().unwrap_or_default();
    let each = list.split(',').filter_map(|one| {
        let (name, amount) = one.trim().split_once('=')?;
        Some((name.to_owned(), quantity(amount.trim())?))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_the_pod_itself_stays() {
        for message in [
            "pods \"a-0-x\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot",
            "pods \"a-0-x\" is forbidden: [maximum memory usage per Container is 1Gi, but limit is 2Gi]",
            "pods \"a-0-x\" is forbidden: minimum cpu usage per Pod is 2, but request is 1",
            "pods \"a-0-x\" is forbidden: error looking up service account ns/no: serviceaccount \"no\" not found",
            "pods \"a-0-x\" is forbidden: failed quota: q: must specify limits.cpu for: main",
            "pods \"a-0-x\" is forbidden: pod rejected: RuntimeClass \"no\" not found",
            "admission webhook \"policy\" denied the request: no GPUs here",
            "Pod \"a-0-x\" is invalid: spec.containers[0].resources.requests: Invalid value",
        ] {
            assert!(is_for_good(message, &BTreeMap::new()), "{message}");
        }
        for message in [
            "Internal error occurred: failed calling webhook \"policy\": connection refused",
            "admission webhook \"policy\" does not support dry run",
            "etcdserver: request timed out",
        ] {
            assert!(!is_for_good(message, &BTreeMap::new()), "{message}");
        }
    }

    #[test]
    fn a_quota_counts_when_the_run_alone_is_too_large() {
        let quota = |requested: &str, used: &str, limited: &str| {
            format!("exceeded quota: q, requested: {requested}, used: {used}, limited: {limited}")
        };
        let needs = BTreeMap::from([("pods".to_owned(), 2.0), ("cpu".to_owned(), 3.0)]);
        assert!(is_for_good(&quota("pods=1", "pods=1", "pods=1"), &needs));
        assert!(!is_for_good(&quota("pods=1", "pods=9", "pods=9"), &needs), "others fill it");
        assert!(is_for_good(
            &quota("requests.cpu=1500m", "requests.cpu=0", "requests.cpu=2"),
            &needs
        ));
        let both = quota("cpu=1500m,memory=1Gi", "cpu=2,memory=0", "cpu=4,memory=512Mi");
        assert!(is_for_good(&both, &needs), "one pod alone is too large");
    }

    #[test]
    fn a_refusal_is_shown_without_the_pods_name() {
        let message = "Error creating: pods \"doctor-1-x\" is forbidden: exceeded quota: small";
        assert_eq!(short(message), "exceeded quota: small");
        assert_eq!(short("no service account"), "no service account");
    }
}
