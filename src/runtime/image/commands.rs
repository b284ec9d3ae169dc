//! The commands of roles that name only an image: the image says what they run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::future::join_all;

use super::entrypoint::entrypoint;
use crate::plan::{OWN_PROGRAM, Plan, REPLICA_VERB};

/// Gives every role that has an image and no command the command of the image, with the role's
/// arguments in place of the image's. The error has a reason for each image that can't be read. No
/// registry is asked when no command is missing.
pub async fn name_commands(
    plan: &mut Plan,
    architecture: &str,
    docker_config: &Path,
) -> Result<(), Vec<String>> {
    if let Some(service) = plan.service_mut() {
        // The routers run mlctl itself.
        for revision in &mut service.revisions {
            Box::pin(name_commands(&mut revision.plan, architecture, docker_config)).await?;
        }
        return Ok(());
    }
    let images: BTreeSet<String> = plan
        .gang()
        .roles
        .iter()
        .filter(|role| role.command.is_empty())
        .filter_map(|role| role.image.clone())
        .collect();
    let asked = images.into_iter().map(|image| async move {
        let config = entrypoint(&image, architecture, docker_config).await;
        (image, config)
    });
    let mut known = BTreeMap::new();
    let mut refused = Vec::new();
    for (image, answer) in join_all(asked).await {
        match answer {
            Ok(config) => drop(known.insert(image, config)),
            Err(error) => refused.push(error.to_string()),
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let serves = plan.gang().serving.is_some();
    for role in plan.gang_mut().roles.iter_mut().filter(|role| role.command.is_empty()) {
        if let Some(config) = role.image.as_ref().and_then(|image| known.get(image)) {
            let own = config.command(&std::mem::take(&mut role.entrypoint_args));
            let beside = [OWN_PROGRAM, REPLICA_VERB, "--"].map(str::to_owned);
            let beside = beside.into_iter().filter(|_| serves && !own.is_empty());
            role.command = beside.chain(own.iter().cloned()).collect();
        }
    }
    Ok(())
}
