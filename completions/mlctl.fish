# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mlctl_global_optspecs
    string join \n o/output= q/quiet v/verbose color= runtime= context= n/namespace= h/help V/version
end

function __fish_mlctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mlctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mlctl_using_subcommand
    set -l cmd (__fish_mlctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mlctl -n "__fish_mlctl_needs_command" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_needs_command" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_needs_command" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_needs_command" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_needs_command" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_needs_command" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_needs_command" -s V -l version -d 'Print version'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "init" -d 'Write a spec and code to start from'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "train" -d 'Run a training job and follow it'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "batch-predict" -d 'Predict every line of files in a store'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "predict" -d 'Ask a model that serves; measure it under load'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "outputs" -d 'Print the results of a batch prediction in input order'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "evaluate" -d 'Hold predictions against what is true; a gate for pipelines'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "tune" -d 'Search the best parameters of a training job, and follow it'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "models" -d 'Keep models by name and version'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "serve" -d 'Serve models at an address, or change what is served'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "traffic" -d 'Set which share of the requests each revision of an endpoint gets'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "rollout" -d 'Look at a rollout, hold it, promote or abort it'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "rollback" -d 'Give an endpoint the weights back that it had before'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "scale" -d 'Set how many replicas the revisions of an endpoint have'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "undeploy" -d 'End endpoints'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "list" -d 'List runs'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "ls" -d 'List runs'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "status" -d 'Show one run and its replicas'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "logs" -d 'Print what the commands of a run printed'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "wait" -d 'Follow a run to its end; exit with its code'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "cancel" -d 'End runs'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "cleanup" -d 'Remove what runs have left'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "cost" -d 'Say what runs have cost, and what of it was wasted'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "doctor" -d 'Say what would stop a run on this machine or in a cluster'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "why" -d 'Say why a run failed and what to do'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "exec" -d 'Run a command beside a replica\'s'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "gpus" -d 'Show accelerators and who uses them; print how to slice them'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "validate" -d 'Check specs and say everything that is wrong'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "render" -d 'Print what a run is in a cluster, for kubectl create'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "convert" -d 'Print a file of Vertex AI or Katib as a spec of mlctl'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "schema" -d 'Print the JSON Schema of a spec'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "explain" -d 'Explain a field of a spec'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "state" -d 'Look after the folder in which mlctl remembers its runs'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "cluster" -d 'What a cluster needs of mlctl'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "man" -d 'Print or write the man pages'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "version" -d 'Print the version, and what this program was built for'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "help" -d 'Print the help of a verb, or of all'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent" -d 'Runs beside a replica\'s command'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-guard" -d 'Runs around a replica\'s command'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-exec" -d 'Becomes a replica\'s command'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-beside" -d 'Runs a command as a replica\'s command would run'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-cancel" -d 'Ends the run of the pod that it runs in'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-install" -d 'Copies this program into a folder'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "agent-probe" -d 'Looks at the pod that it runs in'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "batch-worker" -d 'Does one replica\'s part of a batch prediction'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "serve-replica" -d 'Serves as one replica of an endpoint'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "tune-loop" -d 'Decides over the trials of a study'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "serve-loop" -d 'Routes to the revisions of an endpoint, and decides over them'
complete -c mlctl -n "__fish_mlctl_needs_command" -f -a "serve-router" -d 'Routes to the revisions of an endpoint in a pod'
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -l strategy -d 'TensorFlow\'s strategy (tensorflow only)' -r -f -a "none\t'One process, one device'
mirrored\t'One process, several devices'
centralStorage\t'One process, variables on the CPU'
multiWorkerMirrored\t'Several workers in step'
parameterServer\t'Chief, workers, parameter servers and an evaluator'"
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -l overwrite -d 'Replace files that are there'
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s l -l label -d 'Add a label to the run' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l wait -d 'Wait for GPUs that other runs hold, in order of submission, at most so long' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l push -d 'Push the model under this name in the registry once the run has succeeded' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l on-interrupt -d 'What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]' -r -f -a "detach\t'The run goes on without mlctl'
cancel\t'The run is cancelled'"
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s d -l detach -d 'Submit and return; prints the run\'s id'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l dry-run -d 'Show what would run'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l events -d 'Stream events as JSON Lines on stdout'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l allow-cpu -d 'Run a role on the CPU where it can\'t have all its accelerators'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l share-gpus -d 'Put more replicas on a GPU than it is for, to rehearse a large gang'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l allow-large-code -d 'Take along more code than 1 GiB or 20000 files'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l overwrite -d 'Start anew in an output that another run has filled: its model, checkpoints and logs are removed'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -l resume -d 'Go on from the checkpoints of the run that has filled the output'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand train" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l model -d 'The model: NAME, NAME@3 or NAME@ALIAS of the registry, a run, or where it is' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l server -d 'tensorflow-serving, triton, kserve, mlserver, openai or custom' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l endpoint -d 'Ask a server that already serves: http://, https://, grpc:// or grpcs://' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l protocol -d 'rest or grpc' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l model-name -d 'The model\'s name in requests' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l image -d 'Container image of the server' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l input -d 'Files, folders or patterns to predict' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l format -d 'jsonl, csv, tf-record, tf-record-gzip or file-list' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l output-uri -d 'Where the results go; --output PLACE means the same' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l output-format -d 'jsonl or csv' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l replicas -d 'How many replicas, each with a server' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l max-batch-size -d 'Most rows of one request' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l key-field -d 'The field that identifies a row' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s l -l label -d 'Add a label to the run' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l wait -d 'Wait for GPUs that other runs hold, in order of submission, at most so long' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l on-interrupt -d 'What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]' -r -f -a "detach\t'The run goes on without mlctl'
cancel\t'The run is cancelled'"
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s d -l detach -d 'Submit and return; prints the run\'s id'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l dry-run -d 'Show what would run'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l retry-failed -d 'Ask only the rows again that have failed in the job\'s output: what succeeds moves into the results. In place of FILE also a run, or the URL or folder of an output'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l events -d 'Stream events as JSON Lines on stdout'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l allow-cpu -d 'Run on the CPU where the accelerators are missing'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -l allow-large-code -d 'Take along more code than 1 GiB or 20000 files'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-predict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l json -d 'One instance, or a whole body; @FILE for what is in a file, - for stdin' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l file -d 'Rows: JSON Lines; - for stdin' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l csv -d 'Rows: CSV with a header, each an array; - for stdin' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l image -d 'Images: their bytes, or for a model that takes numbers their pixels (PNG, JPEG)' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l pixels -d 'The numbers that pixels are: 0 to 255, 0 to 1 or -1 to 1' -r -f -a "bytes\t'From 0 to 255'
unit\t'From 0 to 1'
signed\t'From -1 to 1'"
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l protocol -d 'What the server speaks [default: found out]' -r -f -a "tensorflow\t'TF Serving\'s API, which is version 1 of KServe\'s protocol'
v2\t'The Open Inference Protocol, version 2: Triton, MLServer, KServe'
openai\t'OpenAI\'s API: a row is the body of a request'
vertex\t'Vertex AI\'s custom containers: instances, posted to the URL'"
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l model -d 'The model\'s name in requests [default: the URL\'s, or the only one]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l signature -d 'The signature of a TensorFlow model' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l revision -d 'The revision of an endpoint that is to answer: v1 the newest of that name, v1.1 its first' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l header -d 'Send a header too; several times for several' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l timeout -d 'A request has failed after this time' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l token-env -d 'The variable with the token that lets you in [default: MLCTL_TOKEN]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l ca -d 'Trust the certificates in this file (PEM) instead of the system\'s' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l batch -d 'Rows of one request' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l concurrency -d 'Requests on their way at most [default: 4; with --load 16]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l load -d 'Send requests for so long, and say how they were answered' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l rate -d 'Send so many requests a second, whether or not others are answered' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l grpc -d 'Ask over gRPC: TF Serving\'s PredictionService, or --protocol v2'
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -l raw -d 'Send the body of --json and print the answer, byte for byte, as it comes'
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand predict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l limit -d 'Print so many at most' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l errors -d 'Print the rows that failed, not the results'
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -l join -d 'Print each with its line of the input, as the field or column `input`'
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand outputs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l truth -d 'The labels: JSON Lines or CSV; a file, a folder or a pattern' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l key -d 'The field by which rows and labels belong together' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l label -d 'The field with the label; default `label`, or the whole line' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l prediction -d 'Where in a prediction the class, the scores or the number is, for example scores.0' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l task -d 'What is predicted; default: what the values look like' -r -f -a "classification\t'One of some classes'
regression\t'A number'"
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l min -d 'A metric must have at least this value' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l max -d 'A metric must have at most this value' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand evaluate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l max-trials -d 'Trials in all, in place of what the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l parallel-trials -d 'Trials at once, in place of what the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s l -l label -d 'Add a label to the study and its trials' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l on-interrupt -d 'What Ctrl-C does to the study [default: detach at a terminal, cancel elsewhere]' -r -f -a "detach\t'The run goes on without mlctl'
cancel\t'The run is cancelled'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s d -l detach -d 'Submit and return; prints the study\'s id'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l dry-run -d 'Show what the first trial would run'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l allow-cpu -d 'Run trials on the CPU where the accelerators are missing'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -l allow-large-code -d 'Take along more code than 1 GiB or 20000 files'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "trials" -d 'List the trials of a study'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "best" -d 'Print the best trial, as a TrainJob with -o yaml'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "export" -d 'Write the trials for other programs: CSV, JSON, Optuna'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "plot" -d 'Write a page with charts of a study'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "resume" -d 'Go on with a study, or give it more trials'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "stop-trial" -d 'End a trial; what it has reported counts'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and not __fish_seen_subcommand_from trials best export plot resume stop-trial suggest" -a "suggest" -d 'Say which parameters to try next: a request on each line of standard input, an answer on each of standard output'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -l sort -d 'The best by the first metric first, in place of the order of their numbers'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from trials" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from best" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -l format -d 'What to write; default csv' -r -f -a "csv\t'A table of the trials'
json\t'The study with its trials and their curves'
optuna\t'A journal file of Optuna'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s O -l to -d 'Write to this file, not to standard output' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -l overwrite -d 'Replace the file if it is there'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s O -l to -d 'The page; default <STUDY>.html in this folder' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -l overwrite -d 'Replace the file if it is there'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from plot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -l max-trials -d 'Trials in all from here on' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s f -l file -d 'The file that the study was begun from; only its secret values are read' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -l on-interrupt -d 'What Ctrl-C does to the study [default: detach at a terminal, cancel elsewhere]' -r -f -a "detach\t'The run goes on without mlctl'
cancel\t'The run is cancelled'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s d -l detach -d 'Submit and return; prints the id of the run that goes on'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s y -l yes -d 'Don\'t ask, also where the trial is another user\'s'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from stop-trial" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune; and __fish_seen_subcommand_from suggest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "push" -d 'Keep the model of a run, a path or a URL as the next version'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "list" -d 'List models'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "ls" -d 'List models'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "show" -d 'Show a model with its versions, or one version with its lineage'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "alias" -d 'Let an alias mean a version, or take it away'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "copy" -d 'Push a version under another name, or into another registry'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "remove" -d 'Remove versions'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "rm" -d 'Remove versions'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "pull" -d 'Bring a version into a folder'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and not __fish_seen_subcommand_from push list ls show alias copy remove rm pull retention" -f -a "retention" -d 'Settle how many versions of a model are kept'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -l alias -d 'Let an alias mean the new version; several times for several' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s l -l label -d 'Write a label on the new version' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -l remove -d 'Take the alias away'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from alias" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l to -d 'Copy into this registry: a folder or the URL of a bucket' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l alias -d 'Let an alias mean the new version; several times for several' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s l -l label -d 'Write a label on the new version' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -l forget -d 'Forget that a version is deployed as this endpoint, which is long gone' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Don\'t ask'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -l forget -d 'Forget that a version is deployed as this endpoint, which is long gone' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Don\'t ask'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l keep -d 'Keep the newest so many' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l registry -d 'Models kept in this folder or bucket, in place of the settings\' one' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -l all -d 'Keep all versions'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand models; and __fish_seen_subcommand_from retention" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s f -l file -d 'The spec; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s s -l set -d 'Change a value of the spec; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l name -d 'Name of the endpoint [default: the spec\'s, or the model\'s]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l server -d 'Which server a model has [default: what its files are for]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l port -d 'Port of the endpoint on this machine [default: a free one]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l timeout -d 'Wait no longer than this for it to serve, or for its change to end' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l dry-run -d 'Show the difference and do nothing'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s y -l yes -d 'Don\'t ask before what serves is changed'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s d -l detach -d 'Return once it is begun; prints the endpoint\'s id'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -l allow-large-code -d 'Take along more code than 1 GiB or 20000 files'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s d -l detach -d 'Return once it is written down'
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand traffic" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -l reason -d 'Why, for the record' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -l to -d 'The revision that gets everything' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -l min -d 'Fewest replicas [default: as before]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -l max -d 'Most replicas [default: as before, but no fewer than --min]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand scale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s y -l yes -d 'Don\'t ask, though others may be calling it'
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand undeploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l state -d 'Only runs in these states' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l name -d 'Only runs of this spec name' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s l -l label -d 'Only runs with this label; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l since -d 'Only runs submitted within this time, for example 2h or 7d' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l limit -d 'At most so many, the newest; 0 for all' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l study -d 'Only the trials of this study, which are in no other list' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l endpoint -d 'Only the replicas of this endpoint, which are in no other list' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s A -l all -d 'All runs, of every namespace and however many'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -l all-users -d 'Runs of everybody, as the chosen cluster knows them'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s w -l watch -d 'Show the list again and again until Ctrl-C'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l state -d 'Only runs in these states' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l name -d 'Only runs of this spec name' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s l -l label -d 'Only runs with this label; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l since -d 'Only runs submitted within this time, for example 2h or 7d' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l limit -d 'At most so many, the newest; 0 for all' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l study -d 'Only the trials of this study, which are in no other list' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l endpoint -d 'Only the replicas of this endpoint, which are in no other list' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s A -l all -d 'All runs, of every namespace and however many'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -l all-users -d 'Runs of everybody, as the chosen cluster knows them'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s w -l watch -d 'Show the list again and again until Ctrl-C'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s w -l watch -d 'Show it again and again until it has ended or Ctrl-C'
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l role -d 'Only replicas of this role' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l replica -d 'Only this replica, for example worker-0' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l attempt -d 'Only this attempt; 0 is the set-up before the first' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l since -d 'Only what was printed within this time, for example 5m; exact to 2 s' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l tail -d 'Only so many of the last lines of each replica' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s f -l follow -d 'Go on until the run has ended'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l timestamps -d 'Put the time at which a line was printed before it, exact to 2 s'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l no-prefix -d 'Don\'t put the replica before its lines'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -l raw -d 'Print to a terminal, too, the bytes as they are: they can change its title, its clipboard and what it shows'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -l timeout -d 'Wait at most so long, for example 1h' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -l events -d 'Stream the run\'s events as JSON Lines'
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -l no-wait -d 'Return at once'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -l force -d 'Kill what is left when the grace period is over'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s y -l yes -d 'Don\'t ask, also where a run is another user\'s'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l older-than -d 'Only what ended, or was used last, so long ago, for example 12h or 7d' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l state -d 'Only runs in these states' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l name -d 'Only runs of this spec name' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s l -l label -d 'Only runs with this label; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l study -d 'Only the trials of this study' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l orphans -d 'Only what belongs to no known run'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l all -d 'Everything that has ended, whatever its age'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l models -d 'Models of runs that succeeded, too'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l outputs -d 'Results of batch predictions, too, also of those that succeeded'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l running -d 'End and remove what still runs, too'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l all-users -d 'Also what others have submitted to the cluster'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s y -l yes -d 'Don\'t ask'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -l dry-run -d 'Only show what would be removed'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cleanup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l by -d 'Sum up by run, name, label=KEY, user or day (of UTC, as clouds bill)' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l since -d 'Only hours within this time, for example 12h or 30d' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l name -d 'Only runs of this spec name' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s l -l label -d 'Only runs with this label; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l template -d 'Print a price file with a cloud\'s list prices to start from' -r -f -a "gcp\t'Google Cloud'
aws\t'Amazon Web Services'
azure\t'Microsoft Azure'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -l all-users -d 'Runs of everybody, as the chosen cluster knows them'
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cost" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l image -d 'Let the pod pull and run in this image, too' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l pull-secret -d 'Pull with this Secret, as `imagePullSecrets` of a spec; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l security -d 'What specs say of `security`: restricted, baseline, root or openshift [default: restricted]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l pod-limit -d 'How long the pod may take [default: 1m]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -l no-pod -d 'Make no pod in the cluster'
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -l replica -d 'Which replica [default: the primary]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and not __fish_seen_subcommand_from split" -f -a "split" -d 'Print what an admin applies to slice GPUs, with what it means for memory'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l type -d 'The type of GPU, as a spec names it' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l mig -d 'Slices of each GPU by MIG, for example 1g.5gb=7; may be repeated' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l time-slices -d 'So many pods share each GPU in turns' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l node -d 'The node in the commands that are printed' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l for-namespace -d 'The namespace of NVIDIA\'s components' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand gpus; and __fish_seen_subcommand_from split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s f -l file -d 'The same as FILE' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -l set -d 'Change a value of the spec first' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l user -d 'Whose the run is, as the cluster knows them' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s f -l file -d 'The same as FILE; several times for several' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -l set -d 'Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it is, byte for byte; lists and mappings are YAML: \'command=[python, t.py]\'. A name with dots is quoted or escaped: \'labels["a.b/c"]=x\', \'labels.a\\.b/c=x\'. In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -l name -d 'Another name than the one that the file says' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -f -a "path" -d 'Print where the state folder is'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -f -a "check" -d 'Look everything over; exit code 1 when something is wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and not __fish_seen_subcommand_from path check rebuild" -f -a "rebuild" -d 'Make the index anew from the runs\' folders; damaged files are kept aside'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand state; and __fish_seen_subcommand_from rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -f -a "image" -d 'Make the image that brings mlctl into pods; no container engine is needed'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and not __fish_seen_subcommand_from image manifests" -f -a "manifests" -d 'Print what an admin applies once: namespace, Roles, quota, network policy'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l archive -d 'Write an OCI archive' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l name -d 'Name of the image [default: the setting `runnerImage`, else localhost/mlctl:VERSION]' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l binary -d 'A static binary of mlctl, one for each architecture [default: this program]' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -l push -d 'Push it to the registry in its name, with docker\'s credentials'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l for-namespace -d 'The namespace of the runs; `ml-{user}` makes one for each user' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l user -d 'Bind a Role to this user or service account, as the cluster knows them; once for each' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l group -d 'Bind the Role to all members of this group, as the cluster knows it; once for each group' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l role -d 'Which Role' -r -f -a "submitter\t'Everything with runs'
server\t'Everything with endpoints'
tuner\t'Studies of a pipeline'
viewer\t'Looking only'
cleaner\t'Removing what has ended'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l see -d 'Let them see, in the whole cluster, the nodes, and the pods of all namespaces: for gpus' -r -f -a "nodes\t'Nodes: what there is'
pods\t'The pods of all namespaces: who uses it'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l roles-only -d 'Print only the Roles and their bindings: the namespace is there and stays as it is'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -l nightly-cleanup -d 'Add a CronJob that removes what ended a week ago or more; it runs the setting `runnerImage`'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand cluster; and __fish_seen_subcommand_from manifests" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -l dir -d 'Write the pages of mlctl and of every verb into this folder' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -l config -d 'The agent\'s configuration' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -l pod -d 'The document of this pod\'s run; the rest comes from the pod\'s variables' -r -F
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-guard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-beside" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand agent-probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand batch-worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-replica" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand tune-loop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-loop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -s o -l output -d 'Form of the output on stdout' -r -f -a "table\t'For people'
json\t'One JSON document with `schemaVersion`'
yaml\t'The same as YAML'"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -l runtime -d 'Where runs go and are looked for: local or kubernetes' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -l context -d 'The cluster: a context of the kubeconfig or the settings' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -s n -l namespace -d 'The namespace in the cluster' -r
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -s q -l quiet -d 'Leave out whatever is neither the result nor what went wrong'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -s v -l verbose -d 'Say more'
complete -c mlctl -n "__fish_mlctl_using_subcommand serve-router" -s h -l help -d 'Print help (see more with \'--help\')'
