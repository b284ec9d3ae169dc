# Completion of mlctl in bash: `mlctl complete` says what may be typed.
_mlctl() {
    local IFS=$'\n' line
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :files) compopt -o default; return ;;
            :folders) compopt -o dirnames; return ;;
        esac
        COMPREPLY+=("${line%%$'\t'*}")
    done < <("$1" complete bash --point "$COMP_POINT" --breaks "$COMP_WORDBREAKS" -- "$COMP_LINE" 2>/dev/null)
    # A value follows, or the rest of a path.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace
    fi
}

if [[ ${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4 || ${BASH_VERSINFO[0]} -gt 4 ]]; then
    complete -F _mlctl -o nosort mlctl
else
    complete -F _mlctl mlctl
fi
