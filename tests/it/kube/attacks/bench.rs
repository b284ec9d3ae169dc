//! The bench itself: two people who are not each other.

use crate::kube::support::{Kube, Person};
use crate::support::stdout;

/// Both may submit and make what a run is made of, each sees the other's runs as another's, and
/// neither is the admin.
#[test]
fn attacker_and_victim_are_two_people_with_the_submitters_role() {
    let Some(kube) = Kube::without_pods() else { return };
    let (attacker, victim) = kube.attacker_and_victim();
    assert_ne!(attacker.laptop.home(), victim.laptop.home());
    let of_the_victim = victim.submit(&["sleep 1000"]);
    let of_the_attacker = attacker.submit(&["sleep 1000"]);
    let mine = stdout(&victim.run(0, ["list", "-q"]));
    assert_eq!(mine.trim(), of_the_victim);
    let all = stdout(&victim.run(0, ["list", "-q", "--all-users"]));
    assert!(all.contains(&of_the_victim) && all.contains(&of_the_attacker), "{all}");
    assert_submits_and_no_more(&attacker);
    assert_submits_and_no_more(&victim);
}

fn assert_submits_and_no_more(person: &Person) {
    let name = person.kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
    assert_eq!(name, person.user);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-}\n";
    person.kubectl_with(["create", "-f", "-"], map);
    person.assert_forbidden(["get", "namespaces"]);
    person.assert_forbidden(["create", "role", "all", "--verb=get", "--resource=pods"]);
}
