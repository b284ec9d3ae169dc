//! Prices: what a file may say, what an hour costs by it, and limits of cost.

use std::collections::BTreeMap;

use super::tests::{GANG, close, plan_of, prices, try_plan};
use super::*;

/// Chief: 2 * 0.04 + 8 * 0.005 + 2 * 0.6 = 1.32 an hour; a worker: 0.04 + 4 * 0.005 = 0.06.
/// All: 1.32 + 2 * 0.06 = 1.44.
#[test]
fn an_hour_of_a_gang() {
    let plan = plan_of(GANG);
    let (hour, unpriced) = gang_hour(&plan.gang().roles, &prices());
    assert!(close(hour, 1.44) && unpriced.is_empty(), "{hour} {unpriced:?}");
    let estimate = Estimate::of(&plan_of(&format!("timeout: 2h30m{GANG}")), &prices());
    assert!(close(estimate.timeout.unwrap(), 3.6));
}

#[test]
fn nodes_have_prices_of_their_own() {
    let hour = |selector: &str| {
        let plan = plan_of(&format!("nodeSelector: {selector}{GANG}"));
        let (hour, _) = gang_hour(&plan.gang().roles, &prices());
        (hour * 1000.0).round() / 1000.0
    };
    assert!(close(hour("{preemptible: 'true'}"), 0.72));
    assert!(close(hour("{pool: reserved}"), 0.36));
    assert!(close(hour("{pool: reserved, spot: 'true'}"), 0.18));
    // 4 * 0.01 + 16 * 0.005 + 2 * 0.1
    assert!(close(hour("{pool: old}"), 0.32));
    assert!(close(hour("{pool: other}"), 1.44));
    let plan = plan_of(GANG);
    let role = &plan.gang().roles[0];
    let node = BTreeMap::from([("spot".to_owned(), "true".to_owned())]);
    assert!(close(prices().rate(role, &node).hour, 0.66));
}

#[test]
fn a_wrong_price_file_is_told() {
    let wrong = |text: &str| PriceFile::parse(text, &["ours".into()]).unwrap_err().to_string();
    let text = "cpuHour: 1\nmemoryGiBHour: 1\n";
    assert!(wrong(&format!("{text}acceleratorHours: {{nvidia-l5: 1}}")).contains("nvidia-l4"));
    assert!(wrong("cpuHour: -1\nmemoryGiBHour: 1").contains("cpuHour: -1 is not a price"));
    assert!(wrong(&format!("{text}nodes: [{{labels: {{}}}}]")).contains("nodes[0].labels"));
    assert!(wrong(&format!("{text}gpuHour: 1")).contains("gpuHour"));
    PriceFile::parse(
        &format!("{text}acceleratorHours: {{ours: 1, nvidia.com/mig-1g.5gb: 1}}"),
        &["ours".into()],
    )
    .unwrap();
}

#[test]
fn what_has_no_price_is_named() {
    let plan = plan_of("accelerators: {type: nvidia-h100}\ncpu: 1");
    let (hour, unpriced) = gang_hour(&plan.gang().roles, &prices());
    assert!(close(hour, 0.04));
    assert_eq!(unpriced, ["worker says no `memory`", "nvidia-h100 has no price"]);
}

#[test]
fn a_limit_of_cost_is_a_limit_of_time() {
    let plan = plan_of(&format!("maxCost: 0.72{GANG}"));
    let limit = plan.gang().rules.cost_limit.clone().unwrap();
    assert!(close(limit.time.as_secs_f64(), 1800.0), "{limit:?}");
    assert_eq!(limit.text, "0.72 EUR at 1.44 EUR an hour");
    assert!(close(plan.gang().rules.start_timeout.as_secs_f64(), 1800.0));
    let free = try_plan(&format!("maxCost: 1{GANG}"), Prices::Free).unwrap();
    assert_eq!(free.gang().rules.cost_limit, None);
    let unknown = try_plan("maxCost: 1", prices()).unwrap_err().to_string();
    assert!(unknown.contains("worker says no `cpu`"), "{unknown}");
    try_plan(&format!("maxCost: 1{GANG}"), Prices::Unknown).unwrap_err();
}

#[test]
fn the_templates_can_be_read() {
    for (cloud, text) in [
        ("gcp", include_str!("../../../prices/gcp.yaml")),
        ("aws", include_str!("../../../prices/aws.yaml")),
        ("azure", include_str!("../../../prices/azure.yaml")),
    ] {
        let file = PriceFile::parse(text, &[]).unwrap_or_else(|error| panic!("{cloud}: {error}"));
        assert!(file.accelerator_hours.len() > 3, "{cloud}");
    }
}

#[test]
fn small_amounts_still_say_something() {
    for (amount, text) in [
        (0.0, "0.00"),
        (0.004_567, "0.0046"),
        (0.000_02, "<0.0001"),
        (0.05, "0.050"),
        (1.234, "1.23"),
        (1234.5, "1234.50"),
    ] {
        assert_eq!(money(amount, "USD"), format!("{text} USD"));
    }
}
