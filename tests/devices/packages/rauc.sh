# A RAUC bundle, installed by RAUC's own service. Sourced by packages.sh, not run.
# shellcheck shell=bash disable=SC2154

test_rauc() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$made/rauc-key.pem" -out "$made/rauc-cert.pem" -subj /CN=test \
        -days 2 2>/dev/null
    local name format
    for name in one crashes two; do
        format=plain
        # The kernel may have no dm-verity to install the other form with.
        [ "$name" != two ] || format=verity
        export_as rauc "$name" "$made/$name.raucb" --rauc-cert "$made/rauc-cert.pem" --rauc-key "$made/rauc-key.pem" \
            --compatible 'Test Board 1' --bundle-format $format
        rauc info --keyring "$made/rauc-cert.pem" "$made/$name.raucb" >"$made/info.log" 2>/dev/null ||
            die "$board: RAUC does not read the bundle."
        says "$made/info.log" "Compatible: 	'Test Board 1'"
        says "$made/info.log" "$format"
    done
    if [ "$(id -u)" != 0 ]; then
        echo "$board: RAUC reads the bundles; installing them was not tried, because mounting one needs root."
        return
    fi
    unshare --mount dbus-run-session -- bash "$here/packages/rauc-board.sh" "$made" "$repository/tests/hosts/service-manager" \
        >"$made/rauc.log" 2>&1 || die "$board: RAUC does not install as it should: $(tail -n 12 "$made/rauc.log")"
    echo "$board: installed by RAUC, and gone back from what crashes"
}
