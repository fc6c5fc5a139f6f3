#!/bin/bash
# Runs the command of a tarball in a root that has glibc and the tarball alone: no shell, no Swift,
# no OpenBLAS. Tickets drawn there must be those that the program given beside it draws here. A
# machine that permits no mounts of one's own, as most containers, is told that nothing was tried.
#
# usage: check_tarball.sh TARBALL TOMBOLA
set -euo pipefail
tarball=$1 here=$2
targets=$(cd "$(dirname "$0")/../Targets" && pwd)
# The superuser needs no user's namespace for mounts, and gets none inside a chroot.
mounts=(unshare --mount)
"${mounts[@]}" true 2>/dev/null || mounts=(unshare --user --map-root-user --mount)
if ! "${mounts[@]}" true 2>/dev/null; then
  echo "check_tarball: $tarball is made, but was not tried: expected a machine that permits mounts, found one that does not" >&2
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root
mkdir -p "$root"/{opt,tmp,proc,dev}
# What the package of glibc has, at its places, with the folders that are links on Debian.
for name in lib lib64; do mkdir -p "$root/usr/$name"; ln -s "usr/$name" "$root/$name"; done
dpkg -L libc6 | while read -r file; do
  case $file in */gconv/*) ;; */lib*/*.so*) [ -f "$file" ] && install -D "$file" "$root/usr/${file#/usr}" || true ;; esac
done
# The loader's own name.
mkdir -p "$root/usr/lib64"
cp -L /lib64/ld-linux-x86-64.so.2 "$root/usr/lib64/"
tar -xzf "$tarball" -C "$root/opt"
name=$(ls "$root/opt")
# Every process has /proc; from there the loader knows where a program lies.
inside() {
  env -i HOME=/tmp PATH=/usr/sbin:/usr/bin "${mounts[@]}" sh -c \
    'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"' "$root" "/opt/$name/bin/tombola" "$@"
}
echo "files in the root beside the tarball's: $(find "$root" -type f -not -path "$root/opt/*" | wc -l), glibc's"
inside --version
inside solve --dimension 4 --count 100 --seed 1 --solver beam | head -n 3
inside prune "/opt/$name/share/tombola/targets/fashion-cnn.onnx" --width 300 --seed 1 --solver greedy -o /tmp/t.safetensors | head -n 1
inside verify /tmp/t.safetensors --target "/opt/$name/share/tombola/targets/fashion-cnn.onnx" | tail -n 1
"$here" prune "$targets/fashion-cnn.onnx" --width 300 --seed 1 --solver greedy -o "$folder/t.safetensors" > "$folder/out"
cmp "$folder/t.safetensors" "$root/tmp/t.safetensors"
printf 'seed = 1\ntrials = 20\ndimension = 1\ncount = [8, 12]\nepsilon = 0.1\n' > "$root/tmp/grid.toml"
inside sweep /tmp/grid.toml --store /tmp/s.sqlite --shard 1/2 > "$folder/out"
inside table /tmp/s.sqlite | head -n 1
ls -l "$tarball" | awk '{ printf "%.1f MB: ", $5 / 1e6 }'
basename "$tarball"
