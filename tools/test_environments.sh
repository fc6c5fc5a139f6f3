#!/bin/bash
# Runs the suites of the command line and of LinearAlgebra, as built for release, in environments
# that other machines have: each set of OpenBLAS's kernels that this CPU runs, no home, a home that
# cannot be written, one OpenMP thread, another locale and time zone, a user who is not root. With
# --everywhere the whole suite besides, under the OpenMP and the serial build of OpenBLAS (Debian's,
# unpacked into a folder of their own) and beside programs that keep all cores busy. Usage:
# tools/test_environments.sh [--everywhere], after make test.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tests=$root/.build/release/TombolaPackageTests.xctest
python=$root/.venv-tests/bin/python
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
failed=0

# run TITLE USER FILTER [NAME=VALUE…]: one run of the suites that FILTER matches. Nothing else of
# the environment is passed.
run() {
  local title=$1 user=$2 filter=$3
  shift 3
  local interpreter=$python as=() temporary=$folder/temporary-$user
  mkdir -p "$temporary"
  if [ "$user" != root ]; then
    chown "$user" "$temporary"
    as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
    if ! "${as[@]}" test -r "$tests"; then
      echo "environment: $user may not read $root: not run as $user"
      return
    fi
    # An interpreter that this user may not start is replaced by the system's.
    # (The shell between them has no rights of root's left to find it by.)
    "${as[@]}" sh -c '"$0" -c ""' "$interpreter" 2>/dev/null || interpreter=/usr/bin/python3
  fi
  local options=(--testing-library swift-testing)
  if [ -n "$filter" ]; then options+=(--filter "$filter"); fi
  echo "environment: $title"
  if "${as[@]}" env -i PATH="$PATH" ${LD_LIBRARY_PATH:+LD_LIBRARY_PATH="$LD_LIBRARY_PATH"} TMPDIR="$temporary" \
    TOMBOLA_PYTHON="$interpreter" TOMBOLA_EXECUTABLE="$root/.build/release/tombola" TOMBOLA_TEST_ENVIRONMENT="$*" \
    "$@" "$tests" "${options[@]}" >"$folder/log" 2>&1 </dev/null; then
    grep "Test run with" "$folder/log"
  else
    failed=1
    grep -E "recorded an issue|Test run with|Fatal|crash|error:" "$folder/log" | head -40 || tail -20 "$folder/log"
  fi
}

suites='^(CommandLineToolTests|LinearAlgebraTests)\.'
cores=(Prescott)
grep -qw avx2 /proc/cpuinfo && cores+=(Haswell)
grep -qw avx512bw /proc/cpuinfo && cores+=(SkylakeX)

localedef -i de_DE -f UTF-8 "$folder/de_DE.UTF-8"
elsewhere=(LOCPATH="$folder" LC_ALL=de_DE.UTF-8 TZ=Asia/Kathmandu)

run "no kernels pinned, no home, one OpenMP thread" root "$suites" OMP_NUM_THREADS=1
run "${cores[0]} kernels, a home that cannot be written, German, Nepal's time" \
  root "$suites" OPENBLAS_CORETYPE="${cores[0]}" HOME=/proc "${elsewhere[@]}"
for core in "${cores[@]:1}"; do
  if [ "$core" = "${cores[-1]}" ] && [ "$(id -u)" = 0 ]; then user=nobody; else user=root; fi
  run "$core kernels, user $user" "$user" "$suites" OPENBLAS_CORETYPE="$core" HOME="$folder"
done

if [ "${1:-}" = --everywhere ]; then
  for build in openmp serial; do
    mkdir -p "$folder/$build"
    (cd "$folder/$build" && apt-get download -qq "libopenblas0-$build" 2>/dev/null && dpkg -x ./*.deb .)
    library=$(dirname "$(find "$folder/$build" -name 'libopenblas.so.0' -o -name 'libopenblas*-r*.so' | head -1)")
    LD_LIBRARY_PATH=$library run "OpenBLAS's $build build" root "" OMP_NUM_THREADS="$(nproc)"
  done
  busy=()
  for _ in $(seq $((2 * $(nproc)))); do
    (while :; do :; done) &
    busy+=($!)
  done
  run "beside $((2 * $(nproc))) busy programs" root ""
  kill "${busy[@]}"
fi
exit $failed
