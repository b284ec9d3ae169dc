//! Specs of plain gangs.

use super::Kube;
use crate::support::Sandbox;

/// Counts up in the checkpoint folder, as training does, and says where it starts from.
pub const COUNTS: &str = "\
file=${AIP_CHECKPOINT_DIR}n
n=$(cat $file 2>/dev/null || echo 0)
echo \"attempt $MLCTL_ATTEMPT goes on from $n\"
while [ $n -lt ${LAST:-60} ]; do
    n=$((n + 1))
    echo $n >$file.new && mv $file.new $file
    echo \"count $n\"
    sleep 0.2
done
";

/// Two pods of one run on two nodes, if there are two.
pub const SPREAD: &str = "\
podPatch:
  spec:
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {mlctl.dev/name: gang}}
";

impl Kube {
    /// Writes a spec of busybox workers; worker N runs the Nth script.
    pub fn gang(&self, scripts: &[&str], more: &str) {
        self.gang_at(&self.sandbox, scripts, more);
    }

    /// The same at another laptop.
    pub fn gang_at(&self, laptop: &Sandbox, scripts: &[&str], more: &str) {
        for (index, script) in scripts.iter().enumerate() {
            laptop.write(&format!("worker-{index}.sh"), script);
        }
        laptop.write(".mlctlignore", "*.yaml\n");
        let unless =
            |name: &str, line: &str| if more.contains(name) { "" } else { line }.to_owned();
        let ends = unless("grace:", "grace: 2s\n") + &unless("drain:", "drain: 3s\n");
        laptop.write(
            "mlctl.yaml",
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gang\nimage: {}\ncode: .\n\
                 command: [sh, -c, '. ./worker-$RANK.sh']\n\
                 roles: {{worker: {{replicas: {}, cpu: 50m, memory: 64Mi}}}}\n{ends}{more}",
                self.cluster.image("busybox"),
                scripts.len()
            ),
        );
    }

    /// Writes a spec of a gang of which only a part has room: its roles, the primary's first.
    pub fn half(&self, roles: [&str; 2]) {
        self.sandbox.write(
            "mlctl.yaml",
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: half\nimage: {}\n\
                 command: ['true']\nstartTimeout: 10s\nroles:\n  {}\n",
                self.cluster.image("busybox"),
                roles.join("\n  ")
            ),
        );
    }
}
