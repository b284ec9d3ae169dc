//! The codes of all findings: stable names, for filters and for the documentation.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What kind of finding it is. Rules are told apart by it, never by its text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in kebab-case, as messages and documents have it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    // The texts: YAML and --set.
    /// The text is not YAML.
    Syntax = "syntax",
    /// The file is larger than any spec.
    TooLarge = "too-large",
    /// Lists and mappings are nested too deeply.
    TooDeep = "too-deep",
    /// The document has too many values, those that aliases repeat included.
    TooManyValues = "too-many-values",
    /// An alias stands within the value that it repeats.
    AliasInItself = "alias-in-itself",
    /// An alias repeats a value that no anchor marks.
    UnknownAlias = "unknown-alias",
    /// A YAML tag that has no meaning in a spec.
    UnknownTag = "unknown-tag",
    /// `<<` merges something that is not a mapping.
    BadMerge = "bad-merge",
    /// A key is a list or a mapping.
    BadKey = "bad-key",
    /// The text is a template that a tool fills in, such as a file of a Helm chart.
    Template = "template",
    /// A key is given twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A text of `--set` can't be read or applied.
    BadSet = "bad-set",

    // The document as a whole.
    /// The file has no document.
    Empty = "empty",
    /// The document is no mapping, or has no field of any kind.
    NotASpec = "not-a-spec",
    /// There is no such kind, here or elsewhere.
    UnknownKind = "unknown-kind",
    /// A kind of another system that is not converted.
    ForeignKind = "foreign-kind",
    /// The schema passes the document and the types don't: a mistake of mlctl's own.
    NotUnderstood = "not-understood",

    // The schema, for every kind.
    /// A mapping has a field that is not known there.
    UnknownField = "unknown-field",
    /// A field that has to be there is not.
    MissingField = "missing-field",
    /// A value has another type than the field.
    WrongType = "wrong-type",
    /// A value is none of those that the field allows.
    UnknownValue = "unknown-value",
    /// A number is too small or too large.
    OutOfRange = "out-of-range",
    /// A text is no amount of memory, cores, time or money.
    BadQuantity = "bad-quantity",
    /// `${VAR}` names a variable that is not set.
    UnsetVariable = "unset-variable",
    /// `${...}` that is no reference to a variable.
    BadReference = "bad-reference",

    // Where it is to run.
    /// No objects of a cluster can be made of it.
    NotInCluster = "not-in-cluster",

    // What runs.
    /// Neither a command nor an image says what to run.
    NothingToRun = "nothing-to-run",
    /// The command is an empty list.
    EmptyCommand = "empty-command",
    /// The command is one item with blanks in it.
    OneStringCommand = "one-string-command",
    /// An option and its value are one item.
    TwoWordsInOne = "two-words-in-one",
    /// An argument is longer than Linux allows.
    TooLong = "too-long",
    /// A key of `args` can't be the name of an option.
    BadArgumentName = "bad-argument-name",
    /// A key of `args` has the dashes that are added anyway.
    DashesTwice = "dashes-twice",
    /// An argument `name=value` without dashes.
    NoDashes = "no-dashes",
    /// A shell's operator stands where no shell reads it.
    NoShell = "no-shell",
    /// A reference to a variable that nothing replaces.
    NotExpanded = "not-expanded",
    /// A launcher of PyTorch's that nothing tells of its peers.
    LauncherAlone = "launcher-alone",
    /// The arguments give a rendezvous that mlctl gives already.
    RendezvousInArgs = "rendezvous-in-args",

    // Names and environment.
    /// The job's name is not a DNS-1035 label of the allowed length.
    BadName = "bad-name",
    /// A role's name is not a DNS-1035 label of the allowed length.
    BadRoleName = "bad-role-name",
    /// Kubernetes would refuse a label, or it is one of mlctl's own.
    BadLabel = "bad-label",
    /// A name can't be that of an object in a cluster.
    BadObjectName = "bad-object-name",
    /// A text can't be the name of a variable.
    BadEnvName = "bad-env-name",
    /// A variable is given twice in one list.
    DuplicateEnv = "duplicate-env",
    /// A variable that mlctl sets.
    ReservedEnv = "reserved-env",
    /// A variable has both `value` and `valueFrom`.
    TwoValues = "two-values",
    /// A variable has neither `value` nor `valueFrom`.
    NoValue = "no-value",
    /// A value that looks like a secret is written into the file.
    LiteralSecret = "literal-secret",

    // The gang.
    /// More replicas than one run may have.
    TooManyReplicas = "too-many-replicas",
    /// TensorFlow has no role of this name.
    UnknownRole = "unknown-role",
    /// A role's name is one slip away from a usual one.
    UnusualRole = "unusual-role",
    /// Several replicas of a role of which there can be one.
    RoleIsSingle = "role-is-single",
    /// A role of TensorFlow under another framework, where its replicas are ranks.
    RoleIsARank = "role-is-a-rank",
    /// The roles lack one that trains, so that the others wait for ever.
    NobodyTrains = "nobody-trains",
    /// Parameter servers without a chief.
    NoCoordinator = "no-coordinator",
    /// The rule of completion waits for replicas that never end.
    NeverComplete = "never-complete",
    /// A time limit of zero.
    ZeroTimeout = "zero-timeout",
    /// The run's time limit is shorter than the one for its start.
    TimeoutTooShort = "timeout-too-short",
    /// So many restarts that they are no limit.
    ManyRetries = "many-retries",
    /// The strategy is another framework's.
    StrategyFramework = "strategy-framework",
    /// The strategy does not fit the roles or the number of replicas.
    StrategyRoles = "strategy-roles",

    // Places, volumes and pods.
    /// `code` or `output` is an empty text.
    EmptyPath = "empty-path",
    /// A path begins with a shell's `~`.
    Tilde = "tilde",
    /// A path below `/gcs/`, which is there on Vertex AI only.
    GcsPath = "gcs-path",
    /// The requirements file is not within `code`.
    OutsideCode = "outside-code",
    /// A file or folder that a spec or its requirements name isn't there.
    MissingFile = "missing-file",
    /// A package would be used where it lies, and that place goes away.
    Editable = "editable",
    /// `output` has a placeholder that is not `{run}`.
    UnknownPlaceholder = "unknown-placeholder",
    /// Data comes from somewhere that can't be read.
    BadUri = "bad-uri",
    /// Data can't be put at this path.
    BadPath = "bad-path",
    /// Two pieces of data have one path, or one lies within the other.
    DuplicatePath = "duplicate-path",
    /// Nothing can be mounted at this path.
    BadMountPath = "bad-mount-path",
    /// Two volumes have one name or one path.
    DuplicateVolume = "duplicate-volume",
    /// A volume has no source, several, or an unknown one.
    VolumeSource = "volume-source",
    /// A type of accelerator that is in no table.
    UnknownAccelerator = "unknown-accelerator",
    /// Kubernetes would refuse a toleration.
    BadToleration = "bad-toleration",

    // Batch predictions.
    /// Nothing says who predicts, or what an endpoint speaks.
    NoServer = "no-server",
    /// A server that is there already, and one to start.
    TwoServers = "two-servers",
    /// A server has no model to serve.
    NoModel = "no-model",
    /// The server has no gRPC protocol, or the protocol no place for something.
    NoGrpc = "no-grpc",
    /// `endpoint` is no URL of a server.
    BadEndpoint = "bad-endpoint",
    /// The fields of `instances` contradict each other or the format.
    InstanceFields = "instance-fields",
    /// The results can't be written in this format.
    OutputFormat = "output-format",

    // Endpoints.
    /// An endpoint has no revision.
    NoRevisions = "no-revisions",
    /// A revision's name is not a DNS-1035 label of the allowed length.
    BadRevisionName = "bad-revision-name",
    /// Two revisions have one name.
    DuplicateRevision = "duplicate-revision",
    /// A text can't be a model: neither a name nor a place that can be read.
    BadModel = "bad-model",
    /// The shares of the revisions don't add up to 100.
    TrafficSum = "traffic-sum",
    /// The shadow is no revision, or one that answers.
    BadShadow = "bad-shadow",
    /// Fields of which exactly one is given: none is, or several are.
    OneOfThem = "one-of-them",
    /// Two revisions at once, where memory may hold one.
    TwoAtOnce = "two-at-once",
    /// A revision has more replicas at least than at most.
    ReplicaBounds = "replica-bounds",
    /// A target or a time of `scaling` that can't be kept.
    BadScaling = "bad-scaling",
    /// The last replica may go, and nothing would start it again, or it may not.
    ScaleToZero = "scale-to-zero",
    /// The steps of a rollout don't ascend to 100.
    RolloutSteps = "rollout-steps",
    /// A limit of a rollout that is always or never broken.
    RolloutLimit = "rollout-limit",
    /// A time or a number of the router or of a probe that contradicts another.
    BadLimit = "bad-limit",
    /// A text can't be the name of a host, or of a header or cookie.
    BadHost = "bad-host",

    // Studies.
    /// Nothing says what a study makes better.
    NoMetrics = "no-metrics",
    /// A metric is named twice.
    DuplicateMetric = "duplicate-metric",
    /// A text can't be the name of a metric.
    BadMetricName = "bad-metric-name",
    /// There is nothing to tune.
    NoParameters = "no-parameters",
    /// A text can't be the name of a parameter.
    BadParameterName = "bad-parameter-name",
    /// A parameter has no type, several, or a scale that its type doesn't have.
    ParameterType = "parameter-type",
    /// A parameter's range or list has no values, or none that fit its scale.
    BadRange = "bad-range",
    /// A condition that can't be met, or is on something that is no parameter.
    BadCondition = "bad-condition",
    /// Parameters depend on each other in a circle.
    ConditionCycle = "condition-cycle",
    /// Two variants of a parameter may count at once.
    ConditionsOverlap = "conditions-overlap",
    /// A grid over a parameter with any number of values.
    GridOfDoubles = "grid-of-doubles",
    /// A grid of which not all points are tried.
    GridCut = "grid-cut",
    /// More trials at once, or tried first, than there are.
    ManyAtOnce = "many-at-once",
    /// More trials may fail than there are.
    TooManyFailures = "too-many-failures",
    /// An option of another rule, or one that contradicts the rest.
    StoppingOption = "stopping-option",
    /// A set of values that the parameters don't have.
    BadBaseline = "bad-baseline",
    /// Not the id of a study.
    BadStudyId = "bad-study-id",
    /// An option of another source of metrics, or one that is missing.
    CollectOption = "collect-option",
    /// An expression that can't be used.
    BadRegex = "bad-regex",
    /// The file of a trial can't be read, or has no TrainJob.
    TrialFile = "trial-file",
    /// A trial names a parameter that the study doesn't have.
    UnknownParameter = "unknown-parameter",
    /// A parameter is tuned, and its argument is fixed in the trial.
    TunedAndFixed = "tuned-and-fixed",
    /// A parameter doesn't reach the trial.
    NotPassed = "not-passed",

    // Files of Vertex AI.
    /// A file of Google's that is no custom job.
    VertexKind = "vertex-kind",
    /// `displayName` is changed to a name that runs may have.
    VertexName = "vertex-name",
    /// A field that the API requires is not there.
    VertexMissing = "vertex-missing",
    /// A value has another type than the API's.
    VertexType = "vertex-type",
    /// A field is given twice, in two spellings.
    VertexTwice = "vertex-twice",
    /// A field stands at the wrong depth, where the API ignores it.
    VertexMisplaced = "vertex-misplaced",
    /// A field that the API doesn't have.
    VertexUnknownField = "vertex-unknown-field",
    /// A field that has no counterpart.
    VertexLeftOut = "vertex-left-out",
    /// Fields that Vertex AI wrote into a copy of the job.
    VertexOutputField = "vertex-output-field",
    /// An empty item of a list is left out.
    VertexEmptyItem = "vertex-empty-item",
    /// A text that somebody was to fill in.
    VertexPlaceholder = "vertex-placeholder",
    /// A variable that nothing replaces.
    VertexVariable = "vertex-variable",
    /// There are no pools, or more than a job has.
    VertexPools = "vertex-pools",
    /// A pool without replicas or content is left out.
    VertexEmptyPool = "vertex-empty-pool",
    /// The first pool is not the one replica that leads.
    VertexPrimary = "vertex-primary",
    /// A pool has both a container and a Python package.
    VertexTwoPrograms = "vertex-two-programs",
    /// A command with blanks in its one item.
    VertexOneWord = "vertex-one-word",
    /// Packages that are installed when the replica starts.
    VertexPackages = "vertex-packages",
    /// A pool of reduction servers is left out.
    VertexReductionServer = "vertex-reduction-server",
    /// A machine type that is in no table.
    VertexMachineType = "vertex-machine-type",
    /// The accelerators of a pool contradict its machine type, or have no type.
    VertexAccelerator = "vertex-accelerator",
    /// The job asks for TPUs.
    VertexTpu = "vertex-tpu",
    /// A scheduling strategy that is unknown or left out.
    VertexStrategy = "vertex-strategy",
    /// The file does not say how many trials there are.
    VertexCounts = "vertex-counts",
    /// The job counts on replicas that restart one by one.
    VertexWholeGang = "vertex-whole-gang",

    // Files of the other systems.
    /// A document, or something in it, that mlctl runs in no way.
    ForeignRefused = "foreign-refused",
    /// A field that the system requires is not there.
    ForeignMissing = "foreign-missing",
    /// A value has another type than the system's.
    ForeignType = "foreign-type",
    /// Two fields are spellings of the same one.
    ForeignTwice = "foreign-twice",
    /// A field is at a place where it is without effect.
    ForeignMisplaced = "foreign-misplaced",
    /// A field that the system doesn't have.
    ForeignUnknownField = "foreign-unknown-field",
    /// A field has no counterpart.
    ForeignLeftOut = "foreign-left-out",
    /// Something is done in another way than the system does it.
    ForeignInstead = "foreign-instead",
    /// Fields that the system wrote into a copy of the document.
    ForeignOutputField = "foreign-output-field",
    /// An item of a list is empty.
    ForeignEmptyItem = "foreign-empty-item",
    /// A text that somebody was to fill in.
    ForeignPlaceholder = "foreign-placeholder",
    /// A variable that nothing expands.
    ForeignVariable = "foreign-variable",

    // Files of Katib.
    /// Something that mlctl does not do, by its name.
    KatibKind = "katib-kind",
    /// A field that Katib requires is not there.
    KatibMissing = "katib-missing",
    /// A value has another type than Katib's.
    KatibType = "katib-type",
    /// A field or a parameter is given twice.
    KatibTwice = "katib-twice",
    /// A field stands at the wrong depth.
    KatibMisplaced = "katib-misplaced",
    /// A field that Katib doesn't have.
    KatibUnknownField = "katib-unknown-field",
    /// Something that has no counterpart.
    KatibLeftOut = "katib-left-out",
    /// Something is done in another way than Katib does it.
    KatibInstead = "katib-instead",
    /// Fields that Katib and Kubernetes wrote into a copy of the experiment.
    KatibOutputField = "katib-output-field",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
