//! What an admin applies to slice GPUs, with what it means.
//!
//! Sources: NVIDIA's GPU Operator, "GPU Operator with MIG" (the MIG manager's ConfigMap,
//! `mig.strategy`, the label `nvidia.com/mig.config`) and "Time-Slicing GPUs in Kubernetes";
//! k8s-device-plugin, README, "Shared Access to GPUs" (`sharing.timeSlicing`, the product's suffix
//! `-SHARED`); mig-parted's `version: v1` configuration.

use std::fmt::Write;

use super::split::{MigSplit, TimeSplit};

/// A configuration that changes nothing. Without it the device plugin would give a lone
/// configuration also to nodes that name none.
const EMPTY_DEFAULT: &str = "  default: |\n    version: v1\n";

/// Where NVIDIA's components are, and the node that the commands name.
#[derive(Clone, Debug)]
pub struct SplitPlace {
    /// The namespace of NVIDIA's components.
    pub namespace: String,
    /// The name of the node in the commands.
    pub node: String,
}

impl MigSplit {
    /// YAML for `kubectl apply`, with comments that explain it.
    pub fn manifest(&self, place: &SplitPlace) -> String {
        let Self { gpu, memory_gb, compute, slices } = self;
        let SplitPlace { namespace, node } = place;
        let name = format!("mlctl-{gpu}");
        let rows: Vec<[String; 5]> = slices
            .iter()
            .map(|one| {
                [
                    one.count.to_string(),
                    one.profile.to_owned(),
                    format!("{} GB", one.memory_gb),
                    format!("{}/{compute}", one.compute),
                    one.kind.clone(),
                ]
            })
            .collect();
        let table = table(["SLICES", "PROFILE", "MEMORY", "COMPUTE", "TYPE IN A SPEC"], &rows);
        let used: u32 = slices.iter().map(|one| one.memory_gb * one.count).sum();
        let rest = memory_gb.saturating_sub(used);
        let rest = if rest > 0 {
            format!("\n{rest} of the {memory_gb} GB are in no slice.")
        } else {
            String::new()
        };
        let example = slices.first().map_or("", |one| one.kind.as_str());
        let about = format!(
            "Cuts every {gpu} ({memory_gb} GB) of the nodes labelled for it into slices, by MIG:\n\n\
             {table}\n\n\
             Memory: slices are isolated by the hardware. A process has the memory of its own\n\
             slice, runs out of it alone and can't touch that of others; compute and bandwidth\n\
             are its own too.{rest}\n\
             A process uses one slice, and slices have no fast way to each other: one for each replica.\n\n\
             1. Apply this where NVIDIA's GPU Operator runs, and tell it so:\n\
             \x20    kubectl patch clusterpolicies.nvidia.com/cluster-policy --type merge -p \\\n\
             \x20      '{{\"spec\": {{\"mig\": {{\"strategy\": \"mixed\"}}, \"migManager\": {{\"config\": {{\"name\": \"mlctl-mig\"}}}}}}}}'\n\
             2. Empty a node (what runs on its GPUs is ended), slice it, let pods come back:\n\
             \x20    kubectl drain {node} --ignore-daemonsets --delete-emptydir-data\n\
             \x20    kubectl label node {node} nvidia.com/mig.config={name} --overwrite\n\
             \x20    kubectl get node {node} -L nvidia.com/mig.config.state     # until: success\n\
             \x20    kubectl uncordon {node}\n\
             3. A spec then says, for one slice:\n\
             \x20    accelerators: {{type: {example}, count: 1}}\n\
             Back to whole GPUs: the same label with all-disabled. One ConfigMap holds the\n\
             configurations of all types: for a second type add its entry to this one.\n\n\
             Without the operator: on the node, with `config.yaml` as a file,\n\
             \x20    nvidia-mig-parted apply -f config.yaml -c {name}\n\
             and of the device plugin's chart: --set config.name=mlctl-device-plugin, with the label\n\
             \x20    kubectl label node {node} nvidia.com/device-plugin.config={name}"
        );
        let mut devices = String::new();
        for one in slices {
            // Writing to a String can't fail.
            let _ = write!(devices, "\n          \"{}\": {}", one.profile, one.count);
        }
        format!(
            "{}\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mlctl-mig\n  namespace: {namespace}\n\
             data:\n  config.yaml: |\n    version: v1\n    mig-configs:\n      all-disabled:\n\
             \x20     - devices: all\n        mig-enabled: false\n      {name}:\n      - devices: all\n\
             \x20       mig-enabled: true\n        mig-devices:{devices}\n---\n\
             # Each size of slice becomes a resource of its own; the operator sets the same by itself.\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mlctl-device-plugin\n\
             \x20 namespace: {namespace}\ndata:\n{EMPTY_DEFAULT}  {name}: |\n    version: v1\n    flags:\n\
             \x20     migStrategy: mixed\n",
            comment(&about)
        )
    }
}

impl TimeSplit {
    /// YAML for `kubectl apply`, with comments that explain it.
    pub fn manifest(&self, place: &SplitPlace) -> String {
        let Self { gpu, memory_gb, replicas, resource, kind } = self;
        let SplitPlace { namespace, node } = place;
        let name = format!("mlctl-{gpu}-{replicas}");
        let whole = memory_gb.map_or_else(|| "all memory".into(), |memory| format!("{memory} GB"));
        let fair = memory_gb.map_or_else(
            || format!("one {replicas}th of it"),
            |memory| format!("{:.1} GB", f64::from(memory) / f64::from(*replicas)),
        );
        let fraction = (90 / replicas).max(1);
        let of = memory_gb.map(|memory| format!(" ({memory} GB)")).unwrap_or_default();
        let about = format!(
            "Lets {replicas} pods share every {gpu}{of} of the nodes labelled for it, in time.\n\n\
             Memory: nothing is isolated. Each process sees {whole} and may take it all; then the others\n\
             fail with CUDA's \"out of memory\". A fair share is {fair}, and only the programs\n\
             themselves can keep to it:\n\
             \x20 TensorFlow  TF_FORCE_GPU_ALLOW_GROWTH=true, else the first takes all\n\
             \x20 JAX         XLA_PYTHON_CLIENT_MEM_FRACTION=.{fraction:02}, else the first takes 3/4\n\
             \x20 PyTorch     torch.cuda.set_per_process_memory_fraction(1 / {replicas})\n\
             Compute is shared in turns, equally among who has work. A fault of one process may end all\n\
             on that GPU. Good for notebooks and small models; for isolation use MIG where the GPU\n\
             has it.\n\n\
             1. Apply this where NVIDIA's GPU Operator runs, and tell its device plugin so:\n\
             \x20    kubectl patch clusterpolicies.nvidia.com/cluster-policy --type merge -p \\\n\
             \x20      '{{\"spec\": {{\"devicePlugin\": {{\"config\": {{\"name\": \"mlctl-time-slicing\"}}}}}}}}'\n\
             \x20  Without the operator, of the device plugin's chart: --set config.name=mlctl-time-slicing\n\
             2. Choose the nodes; pods that run there keep what they have:\n\
             \x20    kubectl label node {node} nvidia.com/device-plugin.config={name} --overwrite\n\
             3. A node's product then ends in -SHARED, and a spec says, for one share:\n\
             \x20    accelerators: {{type: {kind}, count: 1}}\n\
             A pod that asks for two shares is refused: two may be of the same GPU and are no faster.\n\
             Back to whole GPUs: kubectl label node {node} nvidia.com/device-plugin.config-\n\
             One ConfigMap holds the configurations of all types: for a second type add its entry."
        );
        format!(
            "{}\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mlctl-time-slicing\n\
             \x20 namespace: {namespace}\ndata:\n{EMPTY_DEFAULT}  {name}: |\n    version: v1\n    flags:\n\
             \x20     migStrategy: none\n    sharing:\n      timeSlicing:\n\
             \x20       renameByDefault: false\n        failRequestsGreaterThanOne: true\n\
             \x20       resources:\n        - name: {resource}\n          replicas: {replicas}\n",
            comment(&about)
        )
    }
}

/// A text as YAML comments.
fn comment(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| {
        let line = if line.is_empty() { "#\n".to_owned() } else { format!("# {line}\n") };
        all + &line
    })
}

/// A table in plain text, indented by two spaces.
fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let header = header.map(str::to_owned);
    let all: Vec<&[String; N]> = std::iter::once(&header).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &&[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> SplitPlace {
        SplitPlace { namespace: "gpu-operator".into(), node: "NODE".into() }
    }

    /// The text inside a ConfigMap is YAML too.
    fn read(text: &str, map: &str, key: &str) -> serde_json::Value {
        let document = text.split("---\n").find(|part| part.contains(&format!("name: {map}\n")));
        let outer: serde_json::Value = serde_saphyr::from_str(document.unwrap()).unwrap();
        serde_saphyr::from_str(outer["data"][key].as_str().unwrap()).unwrap()
    }

    #[test]
    fn mig() {
        let slices = [("3g.20gb".to_owned(), 1), ("1g.5gb".to_owned(), 3)];
        let text = MigSplit::new("nvidia-a100", &slices).unwrap().manifest(&place());
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        let config = read(&text, "mlctl-mig", "config.yaml");
        let devices = &config["mig-configs"]["mlctl-nvidia-a100"][0]["mig-devices"];
        assert_eq!(devices, &serde_json::json!({"3g.20gb": 1, "1g.5gb": 3}));
        let plugin = read(&text, "mlctl-device-plugin", "mlctl-nvidia-a100");
        assert_eq!(plugin["flags"]["migStrategy"], "mixed");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn time_slicing() {
        let text = TimeSplit::new("nvidia-t4", 4).unwrap().manifest(&place());
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        let config = read(&text, "mlctl-time-slicing", "mlctl-nvidia-t4-4");
        let resource = &config["sharing"]["timeSlicing"]["resources"][0];
        assert_eq!(resource, &serde_json::json!({"name": "nvidia.com/gpu", "replicas": 4}));
        insta::assert_snapshot!(text);
    }
}
