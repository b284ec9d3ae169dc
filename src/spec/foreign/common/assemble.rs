//! Pools to roles: what is the same in all of them becomes the job's.

use indexmap::IndexMap;

use crate::spec::kinds::train::{Accelerators, Args, EnvVar, Role, Volume};
use crate::spec::syntax::{KeyedSpan, Spans, index_path, key_path};
use crate::text::{ByteSize, CpuQuantity};

use super::gather::Located;
use super::pool::Pool;

/// The fields that a job and its roles have in common, and the roles.
pub(in crate::spec::foreign) struct Assembled {
    pub(in crate::spec::foreign) image: Option<String>,
    pub(in crate::spec::foreign) command: Option<Vec<String>>,
    pub(in crate::spec::foreign) args: Option<Args>,
    pub(in crate::spec::foreign) env: Vec<EnvVar>,
    pub(in crate::spec::foreign) cpu: Option<CpuQuantity>,
    pub(in crate::spec::foreign) memory: Option<ByteSize>,
    pub(in crate::spec::foreign) accelerators: Option<Accelerators>,
    pub(in crate::spec::foreign) volumes: Vec<Volume>,
    pub(in crate::spec::foreign) roles: IndexMap<String, Role>,
}

/// Makes the roles; `spans` learns where each value came from.
pub(in crate::spec::foreign) fn assemble(pools: &mut [Pool], spans: &mut Spans) -> Assembled {
    let mut all = Assembled {
        image: common(pools, |pool| &mut pool.program.image, "image", spans),
        command: common(pools, |pool| &mut pool.program.command, "command", spans),
        // A role's arguments replace the job's, so none at all in one pool must stay none.
        args: common(pools, |pool| &mut pool.program.args, "args", spans),
        env: common(pools, |pool| &mut pool.program.env, "env", spans).unwrap_or_default(),
        cpu: common(pools, |pool| &mut pool.resources.cpu, "cpu", spans),
        memory: common(pools, |pool| &mut pool.resources.memory, "memory", spans),
        accelerators: common(pools, |pool| &mut pool.resources.accelerators, "accelerators", spans),
        volumes: common(pools, |pool| &mut pool.volumes, "volumes", spans).unwrap_or_default(),
        roles: IndexMap::new(),
    };
    for pool in pools {
        let base = key_path("roles", pool.role);
        spans.insert(base.as_str(), KeyedSpan { key: None, value: pool.replicas.place.value });
        let role = Role {
            replicas: pool.replicas.value,
            image: taken(&mut pool.program.image, &base, "image", spans),
            command: taken(&mut pool.program.command, &base, "command", spans),
            args: taken(&mut pool.program.args, &base, "args", spans),
            env: taken(&mut pool.program.env, &base, "env", spans).unwrap_or_default(),
            cpu: taken(&mut pool.resources.cpu, &base, "cpu", spans),
            memory: taken(&mut pool.resources.memory, &base, "memory", spans),
            accelerators: taken(&mut pool.resources.accelerators, &base, "accelerators", spans),
            volumes: taken(&mut pool.volumes, &base, "volumes", spans).unwrap_or_default(),
            ..Role::default()
        };
        note(&key_path(&base, "replicas"), &pool.replicas, spans);
        all.roles.insert(pool.role.to_owned(), role);
    }
    all
}

/// The value that all pools have, taken out of them.
fn common<T: PartialEq>(
    pools: &mut [Pool],
    field: impl Fn(&mut Pool) -> &mut Option<Located<T>>,
    name: &str,
    spans: &mut Spans,
) -> Option<T> {
    let (first, others) = pools.split_first_mut()?;
    let value = field(first).take()?;
    let same = others
        .iter_mut()
        .all(|pool| field(pool).as_ref().is_some_and(|other| other.value == value.value));
    if same {
        for pool in others {
            *field(pool) = None;
        }
        note(name, &value, spans);
        Some(value.value)
    } else {
        *field(first) = Some(value);
        None
    }
}

fn taken<T>(
    value: &mut Option<Located<T>>,
    base: &str,
    name: &str,
    spans: &mut Spans,
) -> Option<T> {
    let value = value.take()?;
    note(&key_path(base, name), &value, spans);
    Some(value.value)
}

/// Notes where a value and its items are written.
pub(in crate::spec::foreign) fn note<T>(path: &str, value: &Located<T>, spans: &mut Spans) {
    spans.insert(path, value.place);
    for (index, item) in value.items.iter().enumerate() {
        spans.insert(index_path(path, index), *item);
    }
}
