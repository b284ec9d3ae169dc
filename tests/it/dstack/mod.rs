//! dstack's configurations as people write them, and what becomes of them.

use crate::support::Sandbox;

#[test]
fn every_file_is_converted_or_explained() {
    insta::glob!("files", "*.yaml", |path| {
        let out = crate::vertex::converted(path);
        insta::with_settings!({
            omit_expression => true,
            snapshot_path => "files",
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(out);
        });
    });
}

#[test]
fn broken_files_are_explained_too() {
    insta::glob!("files", "*.yaml", crate::vertex::broken);
}

/// Two nodes find each other by dstack's variables, and what the caller's environment gives stays out of what is
/// written.
#[test]
fn nodes_meet_by_their_variables() {
    let sandbox = Sandbox::new();
    let meet = "import os, socket, time\n\
                rank, port = int(os.environ['DSTACK_NODE_RANK']), int(os.environ['MASTER_PORT'])\n\
                host = os.environ['DSTACK_MASTER_NODE_IP']\n\
                assert host == os.environ['DSTACK_NODES_IPS'].split('\\n')[0]\n\
                if rank == 0:\n    other, _ = socket.create_server((host, port)).accept()\n    \
                print('met', other.recv(9).decode())\nelse:\n    \
                for _ in range(100):\n        try:\n            one = socket.create_connection((host, port))\n            \
                break\n        except OSError:\n            time.sleep(0.1)\n    one.sendall(b'rank 1')\n";
    sandbox.write("meet.py", meet);
    let file = "type: task\nname: meet\nnodes: 2\nenv: [HIDDEN_TOKEN, 'PRICE=$$5 $(RANK)']\ncommands:\n  \
                - export A=b\n  - cd .\n  - sleep 0 &\n  \
                - echo \"$A $PRICE $(echo sub) $DSTACK_NODES_NUM $DSTACK_GPUS_NUM ${#HIDDEN_TOKEN}\"\n  \
                - echo \"$DSTACK_NODES_IPS\" | wc -l\n  - python3 meet.py\n";
    sandbox.write(".dstack.yml", file);
    let mut train = sandbox.mlctl(["train", ".dstack.yml"]);
    let ran = train.env("HIDDEN_TOKEN", "hidden-value-123").output().unwrap();
    let said =
        String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("b $$5 $(RANK) sub 2 0 16"), "{said}");
    assert!(said.contains("met rank 1"), "{said}");
    let mut convert = sandbox.mlctl(["convert", ".dstack.yml"]);
    let written = convert.env("HIDDEN_TOKEN", "hidden-value-123").output().unwrap();
    let written = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(
        written.contains("value: ${HIDDEN_TOKEN}") && !written.contains("hidden-value"),
        "{written}"
    );
    let refused = sandbox.run(3, ["train", ".dstack.yml"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("export HIDDEN_TOKEN=..."), "{said}");
}
