//! PyTorch's launchers, and libraries that look for one, as their own documents call them.

use std::ffi::OsString;

use crate::support::stores::folder_with;
use crate::support::{Sandbox, both, heavy};

/// Debian's PyTorch 1.13 is older than its Python, which refuses some of its dataclasses and leaves the
/// zero out where it goes through flags.
const OLD_TORCH: &str = "\
import dataclasses, enum
enum.EnumMeta.__iter__ = lambda cls: iter(cls._member_map_.values())
field = dataclasses._get_field
def lenient(cls, name, kind, kw_only):
    default = getattr(cls, name, None)
    default = default.default if isinstance(default, dataclasses.Field) else default
    if type(default).__hash__ is None and type(default).__module__ != 'builtins':
        type(default).__hash__ = object.__hash__
    return field(cls, name, kind, kw_only)
dataclasses._get_field = lenient
";

/// Each script leaves its group at the end: a process that ends while threads of gloo still talk may abort.
const PLAIN: &str = "\
import torch
import torch.distributed as dist
dist.init_process_group('gloo')
total = torch.ones(1)
dist.all_reduce(total)
print('rank', dist.get_rank(), 'of', int(total))
dist.destroy_process_group()
";

const LIGHTNING: &str = "\
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, index):
        return self.layer(batch[0]).sum()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), batch_size=2)

trainer = pl.Trainer(accelerator='cpu', devices=1, num_nodes=2, strategy='ddp', max_epochs=1,
                     logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(Model())
total = trainer.strategy.reduce(torch.ones(1), reduce_op='sum')
print('rank', trainer.global_rank, 'of', int(total))
torch.distributed.destroy_process_group()
";

const ACCELERATE: &str = "\
import torch
from accelerate import Accelerator
accelerator = Accelerator(cpu=True)
total = accelerator.gather(torch.ones(1)).sum()
print('rank', accelerator.process_index, 'of', int(total))
torch.distributed.destroy_process_group()
";

const TRAINER: &str = "\
import torch
from transformers import Trainer, TrainingArguments

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def forward(self, x, labels):
        y = self.layer(x)
        return {'loss': ((y - labels) ** 2).mean(), 'logits': y}

data = [{'x': torch.ones(2), 'labels': torch.ones(1)} for _ in range(8)]
args = TrainingArguments('out', max_steps=2, use_cpu=True, ddp_backend='gloo', report_to=[],
                         save_strategy='no', disable_tqdm=True)
Trainer(Model(), args, train_dataset=data).train()
total = torch.ones(1)
torch.distributed.all_reduce(total)
print('rank', args.process_index, 'of', int(total))
torch.distributed.destroy_process_group()
";

/// A sandbox in whose `PATH` the Python with PyTorch comes first.
struct Place {
    sandbox: Sandbox,
    path: OsString,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let python = std::env::var_os("MLCTL_TEST_TORCH_PYTHON");
        let python = python.unwrap_or_else(|| "/usr/bin/python3".into());
        let bin = sandbox.dir().join("bin");
        fs_err::create_dir_all(&bin).expect("bin");
        fs_err::os::unix::fs::symlink(python, bin.join("python3")).expect("link");
        let mut path = OsString::from(bin);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        for (name, text) in [
            ("plain.py", PLAIN),
            ("with_lightning.py", LIGHTNING),
            ("with_accelerate.py", ACCELERATE),
            ("with_trainer.py", TRAINER),
        ] {
            sandbox.write(&format!("job/{name}"), text);
        }
        // Python runs it at its start.
        sandbox.write("old/sitecustomize.py", OLD_TORCH);
        Self { sandbox, path }
    }

    /// Both ranks of a command have met.
    #[track_caller]
    fn meets(&self, command: &str) {
        let spec = format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: meeting\nframework: pytorch\ncode: .\n\
             timeout: 5m\ncommand: {command}\nroles: {{worker: {{replicas: 2}}}}\n"
        );
        self.sandbox.write("job/mlctl.yaml", &spec);
        let mut mlctl = self.sandbox.mlctl(["train", "job"]);
        let mut modules = self.sandbox.dir().join("old").into_os_string();
        modules.push(":");
        modules.push(folder_with("launchers", &self.path));
        mlctl.env("PATH", &self.path).env("PYTHONPATH", modules);
        // What a shell may have left there must not count.
        mlctl.env("NODE_RANK", "7").env("GROUP_RANK", "7");
        let output = mlctl.output().expect("mlctl");
        let text = both(&output);
        assert_eq!(output.status.code(), Some(0), "{command}: {text}");
        for rank in ["rank 0 of 2\n", "rank 1 of 2\n"] {
            assert_eq!(text.matches(rank).count(), 1, "{command}: {text}");
        }
    }
}

#[test]
fn lightning_without_a_launcher() {
    let _alone = heavy();
    Place::new().meets("[python3, with_lightning.py]");
}

#[test]
fn lightning_in_torchrun() {
    let _alone = heavy();
    Place::new().meets("[python3, -m, torch.distributed.run, with_lightning.py]");
}

#[test]
fn torchrun_with_both_ways_to_meet() {
    let _alone = heavy();
    let place = Place::new();
    place.meets("[python3, -m, torch.distributed.run, plain.py]");
    place.meets(
        "[sh, -c, 'exec python3 -m torch.distributed.run --nnodes=2 --rdzv_backend=c10d \
         --rdzv_endpoint=$MASTER_ADDR:$MASTER_PORT --rdzv_id=$MLCTL_RUN plain.py']",
    );
}

#[test]
fn accelerate_alone_and_launched() {
    let _alone = heavy();
    let place = Place::new();
    place.meets("[python3, with_accelerate.py]");
    place.meets(
        "[sh, -c, 'exec python3 -m accelerate.commands.launch --cpu --num_machines=2 \
         --num_processes=2 --machine_rank=$RANK --main_process_ip=$MASTER_ADDR \
         --main_process_port=$MASTER_PORT with_accelerate.py']",
    );
}

#[test]
fn the_trainer_of_transformers_alone_and_in_torchrun() {
    let _alone = heavy();
    let place = Place::new();
    place.meets("[python3, with_trainer.py]");
    place.meets("[python3, -m, torch.distributed.run, with_trainer.py]");
}
