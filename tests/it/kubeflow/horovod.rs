//! Processes of Horovod that are started without a launcher.

use crate::support::{Sandbox, both, not_run};

/// Meets the others as Horovod does (`horovod/common/gloo/gloo_context.cc`): all, those of the same worker, and those
/// with the same place in others, twice, as a second `init` would.
pub const MEETING: &str = "
import http.client, os, sys, time
env = os.environ
at = env['HOROVOD_GLOO_RENDEZVOUS_ADDR'], int(env['HOROVOD_GLOO_RENDEZVOUS_PORT'])
def ask(method, path, body=None):
    for _ in range(600):
        try:
            peer = http.client.HTTPConnection(*at, timeout=60)
            peer.request(method, path, body)
            answer = peer.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            time.sleep(0.1)
def meet(group, rank, size, word):
    ask('PUT', f'/{group}/{rank}', word)
    words = []
    for other in range(size):
        status, said = ask('GET', f'/{group}/{other}')
        while status == 404:
            time.sleep(0.02)
            status, said = ask('GET', f'/{group}/{other}')
        words.append(said)
    return words
def say(*words):
    # In pieces, between which a neighbour's line could come.
    for word in words:
        print(word, end=' ', flush=True)
        time.sleep(0.01)
    print(flush=True)
def number(name):
    return int(env['HOROVOD_' + name])
rank, size = number('RANK'), number('SIZE')
groups = [('global', rank, size), ('local_' + env['HOROVOD_HOSTNAME'], number('LOCAL_RANK'), number('LOCAL_SIZE')),
          ('cross_' + str(number('LOCAL_RANK')), number('CROSS_RANK'), number('CROSS_SIZE'))]
for turn in 'ab':
    met = []
    for group, own, count in groups:
        met.append(','.join(meet(group, own, count, turn + str(rank))))
        ask('DELETE', f'/{group}/{own}')
    meet('end_' + turn, rank, size, 'x')
    say('met', *met)
assert 'RANK' not in env and 'MASTER_PORT' not in env
say('args', *sys.argv[1:], env.get('HOROVOD_TIMELINE'), env['EPOCHS'], env.get('HOROVOD_GLOO_IFACE'))
";

/// The same with Horovod itself.
const REAL: &str = "
import os, sys, torch
import horovod.torch as hvd
for turn in range(2):
    hvd.init()
    assert hvd.gloo_enabled() and (hvd.local_size(), hvd.cross_size()) == (2, 2)
    even = hvd.add_process_set([0, 2]) if os.environ.get('HOROVOD_DYNAMIC_PROCESS_SETS') else None
    total = hvd.allreduce(torch.tensor([10.0 ** hvd.rank()]), op=hvd.Sum)
    sys.stdout.write(f'real {hvd.rank()} {hvd.local_rank()} {int(total.item())}\\n')
    if even is not None and even.included():
        part = hvd.allreduce(torch.ones(1), op=hvd.Sum, process_set=even)
        sys.stdout.write(f'set {int(part.item())}\\n')
    # Who shuts down does it for all.
    hvd.barrier()
    hvd.shutdown()
";

const JOB: &str = r#"
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: meeting}
spec:
  slotsPerWorker: 2
  mpiReplicaSpecs:
    Launcher:
      template:
        spec:
          containers:
          - name: launcher
            image: horovod/horovod
            env: [{name: EPOCHS, value: "3"}]
            command: [mpirun, -np, "4", --allow-run-as-root, -x, HOROVOD_TIMELINE=/dev/null, -mca, btl, ^openib]
            args: [python3, train.py, --epochs=$(EPOCHS)]
    Worker:
      replicas: 2
      template: {spec: {containers: [{name: worker, image: horovod/horovod, command: [/usr/sbin/sshd]}]}}
"#;

#[test]
fn all_processes_meet_twice() {
    let sandbox = Sandbox::new();
    sandbox.write("train.py", MEETING);
    sandbox.write("mpijob.yaml", JOB);
    let said = both(&sandbox.run(0, ["train", "mpijob.yaml"]));
    for line in [
        "met a0,a1,a2,a3 a0,a1 a0,a2",
        "met b0,b1,b2,b3 b2,b3 b1,b3",
        "args --epochs=3 /dev/null 3 lo",
    ] {
        assert!(said.contains(line), "{line} in:\n{said}");
    }
    // The program that starts them is a hundred lines, of which one is enough to know it by.
    let shown = both(&sandbox.run(0, ["status", "meeting"]));
    assert!(shown.contains("processes of Horovod") && !shown.contains("import"), "{shown}");
}

/// One process fails while its neighbour would wait for ever; the script around it is the shell's own matter.
#[test]
fn a_failed_process_ends_its_neighbours_and_its_run() {
    let sandbox = Sandbox::new();
    let job = JOB
        .replace("replicas: 2", "replicas: 1")
        .replace("spec:\n  slots", "spec:\n  runPolicy: {backoffLimit: 0}\n  slots")
        .replace(
            "command: [mpirun, -np, \"4\", --allow-run-as-root, -x, HOROVOD_TIMELINE=/dev/null, -mca, btl, ^openib]",
            "command: [sh, -c]",
        )
        .replace(
            "args: [python3, train.py, --epochs=$(EPOCHS)]",
            "args: ['cd /; RATE=2 horovodrun -np 2 --log-level $EPOCHS sh -c \"echo \\$HOROVOD_LOG_LEVEL in \\$PWD at \
             \\$RATE; test \\$HOROVOD_RANK = 0 && exec sleep 600; exit 7\"']",
        );
    sandbox.write("mpijob.yaml", &job);
    let said = both(&sandbox.run(10, ["train", "mpijob.yaml"]));
    assert!(said.contains("3 in / at 2"), "{said}");
    assert!(said.contains("exit code 7"), "{said}");
}

/// Run by `just horovod`, which builds Horovod first.
#[test]
fn horovod_itself_meets() {
    let Some(folder) = std::env::var_os("MLCTL_TEST_HOROVOD") else {
        not_run("Horovod is compiled for it (just horovod)");
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("train.py", REAL);
    sandbox.write("mpijob.yaml", &JOB.replace("python3, train.py", "/usr/bin/python3, train.py"));
    for sets in [None, Some("1")] {
        let mut train = sandbox.mlctl(["train", "mpijob.yaml"]);
        train.env("PYTHONPATH", &folder);
        if let Some(sets) = sets {
            train.env("HOROVOD_DYNAMIC_PROCESS_SETS", sets);
        }
        let output = train.output().unwrap();
        let said = both(&output);
        assert!(output.status.success(), "{said}");
        for rank in 0..4 {
            assert_eq!(
                said.matches(&format!("real {rank} {} 1111", rank % 2)).count(),
                2,
                "{said}"
            );
        }
        assert_eq!(said.matches("set 2").count(), if sets.is_some() { 4 } else { 0 }, "{said}");
    }
}
