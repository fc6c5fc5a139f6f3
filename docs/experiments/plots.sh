#!/bin/sh
# The plots of these pages from the stores of the sweeps.
# Usage: plots.sh TOMBOLA STORES OUTPUT_FOLDER
set -e
draw() { "$tombola" plot "$@" --force; }
tombola=$1 stores=$2 output=$3
draw "$stores/existence.sqlite" --kind success --epsilon 0.2 -o "$output/existence.svg"
draw "$stores/existence.sqlite" --kind threshold --against dimension -o "$output/existence-thresholds.svg"
draw "$stores/scaling.sqlite" --kind threshold -o "$output/scaling.svg"
draw "$stores/sizes.sqlite" --kind success --dimension 4 -o "$output/sizes.svg"
draw "$stores/laws.sqlite" --kind success --dimension 2,4,6 -o "$output/laws.svg"
draw "$stores/gap.sqlite" --kind error --dimension 3 -o "$output/gap.svg"
draw "$stores/gap.sqlite" --kind success --dimension 6 -o "$output/gap-success.svg"
draw "$stores/found.sqlite" --kind error --dimension 9 -o "$output/found.svg"
draw "$stores/mask.sqlite" --kind error -o "$output/mask.svg"
if test -d "$stores/widths"; then draw "$stores"/widths/*.json -o "$output/widths.svg"; fi
"$tombola" report "$stores"/*.sqlite --force --title "Random subset sums, measured" -o "$stores/report.html"
