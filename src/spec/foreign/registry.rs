//! The systems whose files are taken.

use super::common::system::{ExplainedSystem, ForeignSystem};
use super::{
    dstack, katib, kserve, kubeflow, kubernetes, others, skypilot, tfserving, trainer, vertex,
};
use crate::spec::syntax::Source;

/// Where objects of Kubernetes have their name.
const OBJECT_NAME: &[&str] = &["metadata", "name"];

/// What becomes of the files of a system that is known by name only.
const REFUSED: &str = "nothing: it is refused, with what to write instead";

/// All systems, in the order in which a document is offered to their converters.
static SYSTEMS: &[ForeignSystem] = &[
    ForeignSystem {
        name: "vertex",
        title: "Vertex AI",
        kinds: &[
            ("CustomJob, TrainingPipeline of custom code, workerPoolSpecs", "TrainJob"),
            ("HyperparameterTuningJob", "TuneJob"),
            ("BatchPredictionJob", "BatchPredictJob"),
            ("Model, its upload, deployModel, Endpoint", "Endpoint"),
        ],
        name_keys: &["displayName"],
        read: None,
        recognise: vertex::recognise,
        tables: vertex::TABLES,
    },
    ForeignSystem {
        name: "kubeflow",
        title: "Kubeflow's training operator",
        kinds: &[
            ("TFJob, PyTorchJob, XGBoostJob, PaddleJob, JAXJob of kubeflow.org/v1", "TrainJob"),
            ("MPIJob of Horovod, DeepSpeed or torchrun; others are refused", "TrainJob"),
        ],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: kubeflow::recognise,
        tables: kubeflow::TABLES,
    },
    ForeignSystem {
        name: "kubeflow-trainer",
        title: "Kubeflow Trainer",
        kinds: &[
            (
                "TrainJob of trainer.kubeflow.org, with its runtime in the same file or a known one",
                "TrainJob",
            ),
            ("TrainingRuntime, ClusterTrainingRuntime", "a part of the TrainJob that names it"),
        ],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: trainer::recognise,
        tables: trainer::TABLES,
    },
    ForeignSystem {
        name: "katib",
        title: "Katib",
        kinds: &[("Experiment of kubeflow.org/v1beta1", "TuneJob")],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: katib::recognise,
        tables: katib::TABLES,
    },
    ForeignSystem {
        name: "kserve",
        title: "KServe",
        kinds: &[
            ("InferenceService of serving.kserve.io and serving.kubeflow.org", "Endpoint"),
            ("ServingRuntime, ClusterServingRuntime", "a part of the Endpoint that names it"),
            (
                "InferenceGraph, TrainedModel, LLMInferenceService",
                "nothing: it is refused, with what to write instead",
            ),
        ],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: kserve::recognise,
        tables: kserve::TABLES,
    },
    ForeignSystem {
        name: "tf-serving",
        title: "TensorFlow Serving",
        kinds: &[
            ("models.config of --model_config_file", "an Endpoint for each model"),
            ("the files of its other flags", "nothing: it is said where they belong"),
        ],
        name_keys: &["model_config_list", "config", "name"],
        read: Some(tfserving::read),
        recognise: tfserving::recognise,
        tables: tfserving::TABLES,
    },
    ForeignSystem {
        name: "skypilot",
        title: "SkyPilot",
        kinds: &[
            ("task, job, pipeline", "TrainJob, one for each task"),
            ("task with `service`", "Endpoint"),
            ("task with `pool`", "nothing: it is refused, with what to write instead"),
        ],
        name_keys: &["name"],
        read: None,
        recognise: skypilot::recognise,
        tables: skypilot::TABLES,
    },
    ForeignSystem {
        name: "dstack",
        title: "dstack",
        kinds: &[
            ("task", "TrainJob"),
            ("service", "Endpoint"),
            (
                "dev-environment, fleet, volume, gateway",
                "nothing: they are refused, with what to do instead",
            ),
        ],
        name_keys: &["name"],
        read: None,
        recognise: dstack::recognise,
        tables: dstack::TABLES,
    },
    ForeignSystem {
        name: "kuberay",
        title: "KubeRay",
        kinds: &[("RayJob, RayCluster, RayService, RayCronJob", REFUSED)],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: others::kuberay,
        tables: others::KUBERAY_TABLES,
    },
    ForeignSystem {
        name: "volcano",
        title: "Volcano",
        kinds: &[(
            "Job and CronJob of batch.volcano.sh, Queue, PodGroup, JobFlow, JobTemplate",
            REFUSED,
        )],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: others::volcano,
        tables: others::VOLCANO_TABLES,
    },
    ForeignSystem {
        name: "argo",
        title: "Argo Workflows",
        kinds: &[("Workflow, CronWorkflow, WorkflowTemplate, ClusterWorkflowTemplate", REFUSED)],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: others::argo,
        tables: others::ARGO_TABLES,
    },
    ForeignSystem {
        name: "flyte",
        title: "Flyte",
        kinds: &[(
            "FlyteWorkflow, registered tasks, workflows and launch plans, executions",
            REFUSED,
        )],
        name_keys: &[],
        read: None,
        recognise: others::flyte,
        tables: others::FLYTE_TABLES,
    },
    ForeignSystem {
        name: "slurm",
        title: "Slurm",
        kinds: &[("A batch script with #SBATCH lines", REFUSED)],
        name_keys: &[],
        read: Some(others::read_slurm),
        recognise: others::slurm,
        tables: others::SLURM_TABLES,
    },
    ForeignSystem {
        name: "kubernetes",
        title: "Kubernetes, in and beside files of the others",
        kinds: &[
            ("pods of jobs and predictors", "a part of the job or endpoint"),
            ("ConfigMap", "a part of the job that names it"),
            (
                "PersistentVolumeClaim, PersistentVolume, Secret, StorageClass, Service, Namespace, Role, \
                 RoleBinding, ServiceAccount",
                "nothing: it is named and left out",
            ),
        ],
        name_keys: OBJECT_NAME,
        read: None,
        recognise: kubernetes::recognise,
        tables: kubernetes::TABLES,
    },
];

/// All systems, in the order in which a document is offered to their converters.
pub(in crate::spec) fn systems() -> impl Iterator<Item = &'static ForeignSystem> {
    SYSTEMS.iter()
}

/// What the systems are called on the command line.
pub fn system_names() -> Vec<&'static str> {
    systems().map(|system| system.name).collect()
}

/// A text is no YAML, and a file of one of the systems by what is in it.
pub fn is_text_of_a_system(text: &str) -> bool {
    let source = Source::new("", text);
    systems().any(|system| system.read.is_some_and(|read| read(0, &source).is_some()))
}

/// What becomes of the fields of a system's files; `None` where no system is called so.
pub fn explain_system(name: &str) -> Option<ExplainedSystem> {
    systems().find(|system| system.name.eq_ignore_ascii_case(name)).map(ForeignSystem::explained)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::explain;
    use crate::spec::foreign::common::system::Fate;
    use crate::spec::kind_names;

    #[test]
    fn what_is_kept_is_kept_as_a_field_that_there_is() {
        let mut lost = Vec::new();
        for system in systems() {
            for mapping in system.explained().mappings {
                for field in mapping.fields.iter().filter(|field| field.fate == Fate::Kept) {
                    let is_field = |kind: &str| explain(&format!("{kind}.{}", field.words)).is_ok();
                    if !kind_names().into_iter().any(is_field) {
                        lost.push(format!("{}: {} as {}", system.name, field.field, field.words));
                    }
                }
            }
        }
        assert!(lost.is_empty(), "no kind has these fields:\n{}", lost.join("\n"));
    }

    #[test]
    fn every_field_that_is_not_passed_over_says_what_becomes_of_it() {
        for system in systems() {
            for mapping in system.explained().mappings {
                for field in mapping.fields {
                    let is_silent = matches!(field.fate, Fate::Within | Fate::Output);
                    assert_eq!(
                        field.words.is_empty(),
                        is_silent,
                        "{} {}",
                        system.name,
                        field.field
                    );
                }
            }
        }
    }
}
