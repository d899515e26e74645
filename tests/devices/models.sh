# Model packages that differ from the shipped one. Sourced, not run, where `repository` is the checkout.
# shellcheck shell=bash disable=SC2154

# changed_model FOLDER EXPRESSION: the shipped model with its model.toml changed by sed, as whoever did it on purpose would.
changed_model() {
    rm -rf "$1"
    cp -r "$repository/models/digits" "$1"
    sed -i "$2" "$1/model.toml"
    (cd "$1" && sed -i "s/^[0-9a-f]*\(  model\.toml\)$/$(sha256sum model.toml | cut -d' ' -f1)\1/" SHA256SUMS && sha256sum --quiet -c SHA256SUMS)
}

# newer_model FOLDER: the shipped model as its next version, so that an update brings something.
newer_model() {
    changed_model "$1" 's/^version = .*/version = "999.0.0"/'
}
