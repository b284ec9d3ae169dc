# Completion of mlctl in fish: `mlctl complete` says what may be typed.
function __mlctl_complete
    set -l current (commandline -ct)
    set -l offers (mlctl complete fish -- (commandline -opc) "$current" 2>/dev/null)
    switch "$offers[1]"
        case ':files'
            __fish_complete_path "$current"
        case ':folders'
            __fish_complete_directories "$current"
        case '*'
            string join \n -- $offers
    end
end

complete -c mlctl -f -k -a '(__mlctl_complete)'
