# licences, sources and doubled versions of the dependencies (cargo-deny)
need_compiler
if ! cargo deny --version 2>/dev/null | grep -q " $cargo_deny\$"; then
  cargo install cargo-deny --version "$cargo_deny" --locked --quiet --debug --no-default-features \
    --config profile.dev.debug=false --root "$tools/cargo" --target-dir "$tools/cargo-deny"
  rm -rf "$tools/cargo-deny"
fi
# The packages outside the workspace have lists of dependencies of their own, and need only a part of what is allowed.
spare=(unnecessary-skip unmatched-skip license-not-encountered license-exception-not-encountered)
for package in . datafusion fuzz postgres python tests/left_out web; do
  deny=(cargo deny --manifest-path "$package/Cargo.toml" --config deny.toml --all-features --locked check)
  "${deny[@]}" "${spare[@]/#/--allow=}" licenses bans sources
  # Advisories need a copy of the database, which not every machine can fetch.
  if [ -n "${SEMID_ADVISORIES:-}" ]; then "${deny[@]}" advisories; fi
done
