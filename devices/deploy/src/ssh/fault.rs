//! What `ssh` says when it fails, in words that say what to do.

use super::last_line;

/// One sentence for what `ssh` wrote on its standard error.
pub fn explain(host: &str, said: &str) -> String {
    let has = |text: &str| said.contains(text);
    let name = host.rsplit('@').next().unwrap_or(host);
    if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return format!(
            "{host} has another host key than before: if the board was set up anew, forget the old key with \
             `ssh-keygen -R {name}`; if not, somebody else may be answering"
        );
    }
    if has("Host key verification failed") {
        return format!(
            "the host key of {host} is not known yet: connect once with `ssh {host}`, compare the key, and accept it"
        );
    }
    if has("Permission denied") {
        return format!(
            "{host} does not let us in: copy a key to it with `ssh-copy-id {host}`, or name one with \
             -o IdentityFile=FILE"
        );
    }
    if has("Could not resolve hostname") {
        return format!("there is no host {name}: look at its name, or use its address");
    }
    if has("Connection refused") {
        return format!(
            "{host} answers, but not to ssh: switch ssh on there (`systemctl enable --now ssh`)"
        );
    }
    if has("timed out") || has("No route to host") || has("Network is unreachable") {
        return format!("{host} cannot be reached: is it on, and in this network?");
    }
    let broke = [
        "closed",
        "reset",
        "Broken pipe",
        "broken",
        "not responding",
        "mux_client",
    ];
    if broke.into_iter().any(has) || said.trim().is_empty() {
        return format!("the connection to {host} broke: run this again, it goes on where it was");
    }
    let last = last_line(said.as_bytes()).unwrap_or_default();
    format!("ssh to {host} failed: {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_says_what_to_do() {
        let cases = [
            (
                "@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "ssh-keygen -R board",
            ),
            (
                "No ED25519 host key is known for board\nHost key verification failed.",
                "not known yet",
            ),
            (
                "pi@board: Permission denied (publickey).",
                "ssh-copy-id pi@board",
            ),
            (
                "ssh: Could not resolve hostname board: Name or service not known",
                "no host board",
            ),
            (
                "ssh: connect to host board port 22: Connection refused",
                "switch ssh on",
            ),
            (
                "ssh: connect to host board port 22: Connection timed out",
                "is it on",
            ),
            ("Connection to board closed by remote host.", "broke"),
            ("", "broke"),
            (
                "Bad configuration option: nonsense\n",
                "Bad configuration option: nonsense",
            ),
        ];
        for (said, expected) in cases {
            let told = explain("pi@board", said);
            assert!(told.contains(expected), "{told}");
        }
    }
}
