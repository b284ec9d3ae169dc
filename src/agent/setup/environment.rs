//! The environment variables of what runs after a Python was chosen.

use crate::agent::input::PythonPlace;

/// The variables with `PATH` changed so that it finds this Python first.
pub(crate) fn with_python(
    env: &[(String, String)],
    place: Option<&PythonPlace>,
) -> Vec<(String, String)> {
    let mut env = env.to_vec();
    let bin = match place {
        None | Some(PythonPlace::AsItIs) => return env,
        Some(PythonPlace::Folder(dir)) => dir.clone(),
        Some(PythonPlace::Environment(venv)) => {
            env.retain(|(name, _)| !matches!(name.as_str(), "PYTHONHOME" | "VIRTUAL_ENV"));
            env.push(("VIRTUAL_ENV".into(), venv.to_string_lossy().into_owned()));
            venv.join("bin")
        }
    };
    let bin = bin.to_string_lossy().into_owned();
    let old = env.iter().position(|(name, _)| name == "PATH").map(|at| env.remove(at).1);
    env.push(("PATH".into(), old.map_or(bin.clone(), |path| format!("{bin}:{path}"))));
    env
}
