#!/bin/sh
# Tickets of the shipped network over widths, seeds and both modes: what `prune --json` prints, a
# file each. Files that are there are kept. All widths have one damping, so that curves show the
# width alone.
# Usage: widths.sh TOMBOLA TARGET OUTPUT_FOLDER
set -e
mkdir -p "$3"
for width in 500 1000 2000 4000 8000; do
  for seed in 1 2 3; do
    for mode in calibrated weights; do
      figures="$3/$mode-$width-$seed.json"
      test -s "$figures" && continue
      options="--mode $mode"
      test $mode = calibrated && options="$options --calibration fashion-mnist --damping 0.3"
      "$1" prune "$2" --width $width --seed $seed $options --data fashion-mnist --json --force -o "$3/ticket.safetensors" > "$figures.partial"
      mv "$figures.partial" "$figures"
    done
  done
done
rm -f "$3/ticket.safetensors"
