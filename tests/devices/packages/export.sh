# The packages of the test. Sourced by packages.sh, not run.
# shellcheck shell=bash disable=SC2154

# In the order of their numbers, and what the pretended systemd finds in the card of the model.
declare -A number=([one]=20260101000000 [two]=20260201000000 [crashes]=20260301000000 [three]=20260401000000)

# model_that SAYS: a copy of the model with another card. Its folder.
model_that() {
    local copy=$made/model-$1
    if [ ! -d "$copy" ]; then
        cp -R "$model" "$copy"
        echo "PRETEND: $1" >>"$copy/CARD.md"
        (cd "$copy" && cut -c 67- SHA256SUMS | xargs sha256sum >sums && mv sums SHA256SUMS)
    fi
    echo "$copy"
}

# export_as FORMAT NAME OUT OPTION...: a package with the number of that name.
export_as() {
    local format=$1 name=$2 out=$3 inside=$model
    shift 3
    [ "$name" != crashes ] || inside=$(model_that crashes)
    "$deploy" export "$format" "$board" --out "$out" --version-number "${number[$name]}" --key "$made/${key:-deploy}.key" \
        --model "$inside" ${PROGRAMS:+--programs "$PROGRAMS"} --install --patience 5 --hold 1 "$@" \
        >"$made/export.log" 2>&1 || die "$board: no $format package is made: $(tail -n 3 "$made/export.log")"
}

make_deb() {
    local name=$1
    shift
    export_as deb "$name" "$debs/${file:-$name}.deb" --maintainer 'Test <test@example.com>' "$@"
}

make_packages() {
    debs=$made/debs-$board
    mkdir -p "$debs"
    local name file key
    for name in "${!number[@]}"; do
        make_deb "$name"
    done
    # Signed with a key that the board does not trust, and for a board of another kind.
    file=stranger key=stranger make_deb three
    local boards programs
    boards=$made/boards-$board programs=$(programs)
    mkdir "$boards"
    sed "s/^name = .*/name = \"other\"/" "${EVENKEEL_BOARDS:-$repository/devices/boards}/$board.toml" >"$boards/other.toml"
    file=other board=other EVENKEEL_BOARDS=$boards PROGRAMS=$programs make_deb three

    lintian --allow-root --fail-on error,warning "$debs/one.deb" || die "$board: lintian objects to the package."
    same_bytes
}

# programs: the folder of the programs for the board, which were built by now.
programs() {
    local folder=${PROGRAMS:-$target/boards}
    [ ! -d "$folder/$board" ] || folder=$folder/$board
    echo "$folder"
}

# Only the signature is another one each time: it is drawn by lot.
same_bytes() {
    local each
    file=again make_deb one
    for each in one again; do
        dpkg-deb --raw-extract "$debs/$each.deb" "$debs/$each"
        rm "$debs/$each/usr/lib/evenkeel/release/release.toml.minisig"
        dpkg-deb --contents "$debs/$each.deb" >"$debs/$each/names-and-times"
    done
    diff -r "$debs/one" "$debs/again" || die "$board: two packages of one release differ."
    rm -r "$debs/one" "$debs/again" "$debs/again.deb"
}
