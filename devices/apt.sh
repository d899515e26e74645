# apt with this machine's sources, keys and proxies, but with an empty system of any architecture: what the
# scripts use that unpack Debian's packages without installing them. Sourced, not run. No root is needed, and
# nothing is written outside the folder that is given.
# shellcheck shell=bash

# configure_apt FOLDER ARCHITECTURE [SOURCES]: an empty system, to be used by in_apt. SOURCES is a list of
# package sources to use in place of this machine's.
configure_apt() {
    local folder=$1 architecture=$2 sources=${3:-}
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    touch "$folder/status"
    {
        # Without this machine's hooks, which may empty its own cache.
        apt-config dump | grep -v 'Post-Invoke'
        cat <<X
Dir::Etc::Parts "/dev/null";
Dir::Etc::Main "/dev/null";
Dir::State "$folder";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
#clear APT::Architectures;
APT::Architectures { "$architecture"; };
APT::Architecture "$architecture";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Quiet "2";
X
        if [ -n "$sources" ]; then
            printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "/dev/null";\n' "$sources"
        fi
    } >"$folder/apt.conf"
}

# in_apt FOLDER COMMAND...: runs one of apt's commands in the system that configure_apt made.
in_apt() {
    local folder=$1
    shift
    APT_CONFIG=$folder/apt.conf "$@"
}

die() {
    echo "$*" >&2
    exit 1
}

# begin FOLDER SUM WHAT: makes what goes into FOLDER beside it, in the folder $made, with $apt for apt's own files, until
# finish. Ends the script where FOLDER was made with the same SUM before.
begin() {
    sum=$2
    lock_folder "$1"
    [ "$(cat "$folder/made-from" 2>/dev/null)" != "$sum" ] || exit 0
    echo "$3"
    made=$folder.new
    apt=$folder.apt
    rm -rf "$made" "$apt"
    trap 'rm -rf "$made" "$apt"' EXIT
    mkdir -p "$made/usr/bin" "$made/usr/lib" "$apt"
    ln -s usr/lib "$made/lib"
}

# finish: what was made is whole and takes its place.
finish() {
    echo "$sum" >"$made/made-from"
    rm -rf "$folder"
    mv "$made" "$folder"
}

# lock_folder FOLDER: sets folder to its full name, and waits until no other script makes the same one.
lock_folder() {
    mkdir -p "$(dirname "$1")"
    folder=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    exec 9>"$folder.lock"
    flock 9
}
