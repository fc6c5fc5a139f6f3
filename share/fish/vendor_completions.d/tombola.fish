function __tombola_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __tombola_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __tombola_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __tombola_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __tombola_parse_tokens -S
    set -l unparsed_tokens (__tombola_tokens -pc)
    switch $unparsed_tokens[1]
    case 'tombola'
        __tombola_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'prune'
            __tombola_parse_subcommand 1 'width=' 'epsilon=' 'largest-width=' 'seed=' 'mode=' 'calibration=' 'sweeps=' 'damping=' 'metric=' 'mix=' 'solver=' 'method=' 'size=' 'size-penalty=' 'objective=' 'norm-per-width=' 'input-range=' 'input-shape=' 'output-name=' 'data=' 'scale=' 'shard=' 'threads=' 'time-limit=' 'memory-limit=' 'convolution=' 'work-limit=' 'checkpoint=' 'resume' 'force' 'o/output=' 'json' 'blas-core=' 'version' 'h/help'
        case 'verify'
            __tombola_parse_subcommand 1 'target=' 'data=' 'scale=' 'convolution=' 'input-shape=' 'output-name=' 'threads=' 'replay' 'calibration=' 'json' 'blas-core=' 'version' 'h/help'
        case 'compare'
            __tombola_parse_subcommand 1 'target=' 'data=' 'scale=' 'convolution=' 'input-shape=' 'output-name=' 'threads=' 'memory-limit=' 'json' 'blas-core=' 'version' 'h/help'
        case 'export'
            __tombola_parse_subcommand 1 'collapsed' 'o/output=' 'force' 'blas-core=' 'version' 'h/help'
        case 'pack'
            __tombola_parse_subcommand 1 'without-claims' 'o/output=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'unpack'
            __tombola_parse_subcommand 1 'o/output=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'info'
            __tombola_parse_subcommand 1 'input-shape=' 'output-name=' 'svg=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'run'
            __tombola_parse_subcommand 1 'data=' 'scale=' 'input-shape=' 'output-name=' 'o/output=' 'convolution=' 'float64' 'threads=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'instance'
            __tombola_parse_subcommand 1 'seed=' 'mode=' 'calibration=' 'sweeps=' 'damping=' 'metric=' 'mix=' 'solver=' 'method=' 'size=' 'size-penalty=' 'objective=' 'norm-per-width=' 'input-range=' 'input-shape=' 'output-name=' 'width=' 'layer=' 'channel=' 'half=' 'scale=' 'threads=' 'time-limit=' 'memory-limit=' 'force' 'o/output=' 'blas-core=' 'version' 'h/help'
        case 'solve'
            __tombola_parse_subcommand 1 'dimension=' 'count=' 'seed=' 'norm=' 'size=' 'solver=' 'epsilon=' 'decide' 'all' 'max-subsets=' 'by-size' 'threads=' 'time-limit=' 'memory-limit=' 'work-limit=' 'save=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'solve-batch'
            __tombola_parse_subcommand 1 'count=' 'dimension=' 'norm=' 'instances=' 'seed=' 'law=' 'epsilon=' 'threads=' 'time-limit=' 'memory-limit=' 'work-limit=' 'json' 'version' 'h/help'
        case 'bounds'
            __tombola_parse_subcommand 0 'kernel=' 'channels-in=' 'channels-out=' 'layers=' 'epsilon=' 'delta=' 'count=' 'store=+' 'json' 'blas-core=' 'version' 'h/help'
        case 'sweep'
            __tombola_parse_subcommand 1 'store=' 'shard=' 'print-tasks=' 'resume' 'threads=' 'time-limit=' 'json' 'blas-core=' 'version' 'h/help'
        case 'merge'
            __tombola_parse_subcommand -r 2 'target=' 'data=' 'scale=' 'threads=' 'time-limit=' 'convolution=' 'input-shape=' 'output-name=' 'force' 'json' 'blas-core=' 'version' 'h/help'
        case 'table'
            __tombola_parse_subcommand 1 'csv' 'jsonl' 'cells' 'thresholds' 'epsilon=' 'version' 'h/help'
        case 'plot'
            __tombola_parse_subcommand -r 1 'kind=' 'against=' 'dimension=' 'count=' 'candidates=' 'target=' 'norm=' 'size=' 'solver=' 'epsilon=' 'force' 'o/output=' 'blas-core=' 'version' 'h/help'
        case 'report'
            __tombola_parse_subcommand -r 1 'title=' 'epsilon=' 'force' 'o/output=' 'blas-core=' 'version' 'h/help'
        case 'doctor'
            __tombola_parse_subcommand 0 'json' 'blas-core=' 'version' 'h/help'
        case 'help'
            __tombola_parse_subcommand -r 1 'version'
        end
    end
end

function __tombola_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __tombola_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __tombola_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __tombola_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__tombola_tokens -p)
    if test -z "$(__tombola_tokens -t)"
        set -l index (count (__tombola_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'tombola' -f
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'prune' -d 'Draw a ticket: prune a random network into a trained one.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'verify' -d 'Measure a ticket\'s claims again, from the ticket and the target alone.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'compare' -d 'Set a ticket beside its target, plainly quantised too: size, cost, accuracy.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'export' -d 'Write the pruned network or its weights, rebuilt from the ticket alone.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'pack' -d 'Write a ticket in about as many bytes as its choice of filters takes.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'unpack' -d 'Write a coded ticket as the safetensors file that it was packed from.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'info' -d 'Say what a ticket, network, array or image file holds.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'run' -d 'Run a network, a ticket or a slim export on images, and write its outputs.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'instance' -d 'Write one block of a search as PROBLEM.npz, for any solver.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'solve' -d 'Choose candidates whose sum comes close to a target.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'solve-batch' -d 'Solve many small problems to optimality.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'bounds' -d 'Tabulate sufficient and necessary widths, published and derived.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'sweep' -d 'Run the trials of a grid of random subset sums into a result store.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'merge' -d 'Make one result store of several, or the ticket of its parts.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'table' -d 'Print the trials of a result store, or a summary of each cell.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'plot' -d 'Draw the results of a sweep or figures of tickets, through gnuplot.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'report' -d 'Write sweeps and tickets as one HTML page that needs no other file.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'doctor' -d 'Measure this machine and its OpenBLAS, and say what would be faster.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_positional "tombola" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" width' -l 'width' -d 'Width N: 2N random filters per input channel.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" epsilon' -l 'epsilon' -d 'Instead of a width: find the smallest whose certified error is at most E.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" largest-width' -l 'largest-width' -d 'With --epsilon: try no wider network (default: 262144).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" seed' -l 'seed' -d 'Seed of the random network.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" mode' -l 'mode' -d 'How errors are measured: weights (every kernel entry), or calibrated (what layers give on --calibration).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" calibration' -l 'calibration' -d 'Images for calibrated mode, their labels unread: fashion-mnist (its first 400 training images), a folder of its IDX files, or an .npz with x.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" sweeps' -l 'sweeps' -d 'Calibrated mode: times that each block is chosen again, given all others of its layer (default: 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" damping' -l 'damping' -d 'Calibrated mode: how far least squares are damped towards the target\'s kernel, as a part of the features\' mean square (default: 0.3 below width 2000, else 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" metric' -l 'metric' -d 'Calibrated mode: measure errors at each layer\'s outputs (layer, the default), or to first order at the network\'s (logits), which loses less at widths below 1000.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" mix' -l 'mix' -d 'With --metric logits: how much each layer\'s own outputs count beside the network\'s, both in units of their mean diagonal entries (default: 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" solver' -l 'solver' -d 'Solver: greedy, iterated-greedy, exchange, rounding, beam or population (default: greedy; beam with --size).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" method' -l 'method' -d 'search, or a baseline: random-filters and magnitude keep K filters of each half without a look at the target, greedy adds the best filter while that helps.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" size' -l 'size' -d 'Keep exactly K filters of each channel and half, as the theorem\'s proof does (solvers rounding or beam, and every baseline).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" size-penalty' -l 'size-penalty' -d 'Keep a filter only if it lowers its layer\'s relative squared error by PART or more (solvers greedy, iterated-greedy or beam).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" objective' -l 'objective' -d 'Weights mode: lower the squares of the errors (squares, the default), or then each block\'s part in the certified error (certified).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" norm-per-width' -l 'norm-per-width' -d 'Largest norm of a channel\'s share of the kernel, after scaling, per unit of width (default: 0.125): less keeps fewer filters.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" input-range' -l 'input-range' -d 'The box inputs come from; data outside it is refused (default: what the images hold, -1,1 without any).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" data' -l 'data' -d 'Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" shard' -l 'shard' -d 'Do the I-th of N parts, from 1. array takes I and N from Slurm\'s job array; array/N takes I alone, also from OAR\'s.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" time-limit' -l 'time-limit' -d 'Stop after this many seconds with the best so far.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" memory-limit' -l 'memory-limit' -d 'Working memory of the search; suffixes K, M, G are powers of 1024.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" convolution' -l 'convolution' -d 'How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run\'s outputs.' -rfka 'auto kernels im2col'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" work-limit' -l 'work-limit' -d 'Units of work (candidate entries scored) for all blocks together.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" checkpoint' -l 'checkpoint' -d 'Write finished blocks to FILE on the way. A checkpoint that is there needs --resume or --force.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" resume' -l 'resume' -d 'Go on from the checkpoint file, or with --shard from the part\'s, if it is there.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" o output' -l 'output' -s 'o' -d 'The ticket to write, or the part of one.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola prune" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" target' -l 'target' -d 'The trained network it was drawn for.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" data' -l 'data' -d 'Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" convolution' -l 'convolution' -d 'How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run\'s outputs.' -rfka 'auto kernels im2col'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" replay' -l 'replay' -d 'Search again as the ticket says it was, and compare every block.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" calibration' -l 'calibration' -d 'With --replay of a calibrated ticket: the images it was calibrated on.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" target' -l 'target' -d 'The trained network it was drawn for.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" data' -l 'data' -d 'Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" convolution' -l 'convolution' -d 'How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run\'s outputs.' -rfka 'auto kernels im2col'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" threads' -l 'threads' -d 'Tasks at a time, one a core, for all but latencies (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" memory-limit' -l 'memory-limit' -d 'Make and time the unpruned random network if that takes at most this (default: 2G); suffixes K, M, G are powers of 1024.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola compare" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" collapsed' -l 'collapsed' -d 'The target\'s architecture over the summed kernels, instead of the pruned network.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" o output' -l 'output' -s 'o' -d 'FILE.onnx, FILE.safetensors or FILE.npz.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola export" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" without-claims' -l 'without-claims' -d 'Leave out claims and witness; unpack then gives a ticket without them.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" o output' -l 'output' -s 'o' -d 'The coded ticket, FILE.tombola.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" json' -l 'json' -d 'Print as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola pack" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" o output' -l 'output' -s 'o' -d 'The ticket, FILE.safetensors.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" json' -l 'json' -d 'Print as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola unpack" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" svg' -l 'svg' -d 'Draw the network\'s layers and shapes, of a model or a ticket.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" force' -l 'force' -d 'With --svg: replace an existing file.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" json' -l 'json' -d 'Print as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola info" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" data' -l 'data' -d 'Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" o output' -l 'output' -s 'o' -d 'Where the outputs go.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" convolution' -l 'convolution' -d 'How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run\'s outputs.' -rfka 'auto kernels im2col'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" float64' -l 'float64' -d 'In double precision, by the slow reference.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" seed' -l 'seed' -d 'Seed of the random network.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" mode' -l 'mode' -d 'How errors are measured: weights (every kernel entry), or calibrated (what layers give on --calibration).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" calibration' -l 'calibration' -d 'Images for calibrated mode, their labels unread: fashion-mnist (its first 400 training images), a folder of its IDX files, or an .npz with x.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" sweeps' -l 'sweeps' -d 'Calibrated mode: times that each block is chosen again, given all others of its layer (default: 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" damping' -l 'damping' -d 'Calibrated mode: how far least squares are damped towards the target\'s kernel, as a part of the features\' mean square (default: 0.3 below width 2000, else 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" metric' -l 'metric' -d 'Calibrated mode: measure errors at each layer\'s outputs (layer, the default), or to first order at the network\'s (logits), which loses less at widths below 1000.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" mix' -l 'mix' -d 'With --metric logits: how much each layer\'s own outputs count beside the network\'s, both in units of their mean diagonal entries (default: 1).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" solver' -l 'solver' -d 'Solver: greedy, iterated-greedy, exchange, rounding, beam or population (default: greedy; beam with --size).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" method' -l 'method' -d 'search, or a baseline: random-filters and magnitude keep K filters of each half without a look at the target, greedy adds the best filter while that helps.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" size' -l 'size' -d 'Keep exactly K filters of each channel and half, as the theorem\'s proof does (solvers rounding or beam, and every baseline).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" size-penalty' -l 'size-penalty' -d 'Keep a filter only if it lowers its layer\'s relative squared error by PART or more (solvers greedy, iterated-greedy or beam).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" objective' -l 'objective' -d 'Weights mode: lower the squares of the errors (squares, the default), or then each block\'s part in the certified error (certified).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" norm-per-width' -l 'norm-per-width' -d 'Largest norm of a channel\'s share of the kernel, after scaling, per unit of width (default: 0.125): less keeps fewer filters.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" input-range' -l 'input-range' -d 'The box inputs come from; data outside it is refused (default: what the images hold, -1,1 without any).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" width' -l 'width' -d 'Width N: 2N random filters per input channel.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" layer' -l 'layer' -d 'The layer, from 1.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" channel' -l 'channel' -d 'The layer\'s input channel, from 0.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" half' -l 'half' -d 'positive or negative, the sign of the filters\' scalars.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" time-limit' -l 'time-limit' -d 'Stop after this many seconds with the best so far.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" memory-limit' -l 'memory-limit' -d 'Working memory of the search; suffixes K, M, G are powers of 1024.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" o output' -l 'output' -s 'o' -d 'The problem to write.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola instance" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" dimension' -l 'dimension' -d 'Coordinates of a generated problem.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" count' -l 'count' -d 'Candidates of a generated problem.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" seed' -l 'seed' -d 'Seed of a generated problem.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" norm' -l 'norm' -d 'How errors are measured: max, l2, metric, row-sums or row-sums-larger.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" size' -l 'size' -d 'Candidates that a subset must have (default: any number); all solvers take it but pairwise, k-list, greedy, iterated-greedy or population.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" solver' -l 'solver' -d 'Solver: portfolio, exhaustive, meet-in-the-middle, four-lists, cell-sweep, pairwise, k-list, beam, greedy, iterated-greedy, rounding, exchange, population or forward-greedy (default: portfolio).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" epsilon' -l 'epsilon' -d 'The error that counts as reached.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" decide' -l 'decide' -d 'Decide whether a subset within --epsilon exists: the closest one, or a proof that there is none.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" all' -l 'all' -d 'List all subsets within --epsilon instead of one.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" max-subsets' -l 'max-subsets' -d 'The most subsets that --all lists, the closest ones (default: 10000).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" by-size' -l 'by-size' -d 'Show the best subset of each size too; with --solver beam.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" time-limit' -l 'time-limit' -d 'Stop after this many seconds with the best so far.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" memory-limit' -l 'memory-limit' -d 'Working memory of the search; suffixes K, M, G are powers of 1024.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" work-limit' -l 'work-limit' -d 'Units of work: candidate coordinates scored.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" save' -l 'save' -d 'Write the problem\'s arrays too, for other programs.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" count' -l 'count' -d 'Candidates of each instance, up to 40, in more dimensions 56 as memory allows.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" dimension' -l 'dimension' -d 'Coordinates of generated instances, 2 or more (default: 1, with --law).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" norm' -l 'norm' -d 'In two or more dimensions, how errors are measured: max, l2, metric, row-sums or row-sums-larger.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" instances' -l 'instances' -d 'Generated instances.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" seed' -l 'seed' -d 'Seed of generated instances.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" law' -l 'law' -d 'Law of generated instances: uniform, small-targets, products, weights.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" epsilon' -l 'epsilon' -d 'The error that counts as reached.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" time-limit' -l 'time-limit' -d 'Stop after this many seconds with the best so far.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" memory-limit' -l 'memory-limit' -d 'Working memory of the search; suffixes K, M, G are powers of 1024.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" work-limit' -l 'work-limit' -d 'Units of work: steps over half sums.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola solve-batch" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" kernel' -l 'kernel' -d 'The kernel\'s side.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" channels-in' -l 'channels-in' -d 'Input channels of the layer.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" channels-out' -l 'channels-out' -d 'Output channels of the layer.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" layers' -l 'layers' -d 'Layers of the target.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" epsilon' -l 'epsilon' -d 'Wanted accuracy, between 0 and 1.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" delta' -l 'delta' -d 'Probability of failure (default: E, as in the theorem).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" count' -l 'count' -d 'Add what this width N can reach.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds"' -l 'store' -d 'Add what the trials of a sweep\'s store say; may be repeated.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" json' -l 'json' -d 'Print as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola bounds" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" store' -l 'store' -d 'The SQLite file of the results.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" shard' -l 'shard' -d 'Do the I-th of N parts, from 1. array takes I and N from Slurm\'s job array; array/N takes I alone, also from OAR\'s.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" print-tasks' -l 'print-tasks' -d 'Run nothing: print the commands that run N parts, one a line, each with a store of its own beside --store.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" resume' -l 'resume' -d 'Continue a store that is there; make it if it is not.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" time-limit' -l 'time-limit' -d 'Stop after this many seconds with what is done.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola sweep" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" target' -l 'target' -d 'The network that parts of a ticket are of.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" data' -l 'data' -d 'Images for accuracy: fashion-mnist (its test images), a folder of its IDX files, or an .npz with x and y.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" scale' -l 'scale' -d 'Map pixels to A·x+B (default: fashion-mnist to [-1,1], .npz as they are).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" threads' -l 'threads' -d 'Tasks at a time, one a core (default: all cores).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" time-limit' -l 'time-limit' -d 'Stop after this many seconds with what is done.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" convolution' -l 'convolution' -d 'How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run\'s outputs.' -rfka 'auto kernels im2col'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" input-shape' -l 'input-shape' -d 'Sizes of the model\'s input behind the batch, where it leaves them open (default: those of the images).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" output-name' -l 'output-name' -d 'The model\'s output to take, or the value of one of its nodes (default: its one output).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" json' -l 'json' -d 'Print the figures as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola merge" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" csv' -l 'csv' -d 'Print CSV.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" jsonl' -l 'jsonl' -d 'Print one JSON object a line.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" cells' -l 'cells' -d 'Print summaries of the cells instead of trials.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" thresholds' -l 'thresholds' -d 'Print where half of the trials succeed.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" epsilon' -l 'epsilon' -d 'Count successes for these errors instead of the specification\'s.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola table" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" kind' -l 'kind' -d 'success, error, threshold (default: success where there is an ε, else error); of tickets accuracy, size, layers, filters (default: layers for one file, accuracy for several).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" against' -l 'against' -d 'Thresholds against epsilon or dimension (default: of which there are more values).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" dimension' -l 'dimension' -d 'Of a store: cells of these m.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" count' -l 'count' -d 'Of a store: cells of these n.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" candidates' -l 'candidates' -d 'Of a store: these laws of candidates.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" target' -l 'target' -d 'Of a store: these laws of targets, as table prints them.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" norm' -l 'norm' -d 'Of a store: these norms.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" size' -l 'size' -d 'Of a store: these sizes; any is the free one.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" solver' -l 'solver' -d 'Of a store: these solvers.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" epsilon' -l 'epsilon' -d 'Of a store: these errors instead of the specification\'s.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" o output' -l 'output' -s 'o' -d 'The picture to write: .svg or .png.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola plot" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" title' -l 'title' -d 'The page\'s title (default: names the files).' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" epsilon' -l 'epsilon' -d 'Count successes for these errors instead of the specifications\'.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" force' -l 'force' -d 'Replace an existing output.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" o output' -l 'output' -s 'o' -d 'The page to write: .html.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola report" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola doctor" json' -l 'json' -d 'Print as JSON.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola doctor" blas-core' -l 'blas-core' -d 'OpenBLAS\'s kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS\'s own choice, else wider ones that fit the CPU), best (measured once, then remembered) or a core\'s name, as doctor lists them. Default: TOMBOLA_BLAS_CORE, else auto.' -rfka ''
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola doctor" version' -l 'version' -d 'Show the version.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola doctor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'tombola' -n '__tombola_should_offer_completions_for_flags_or_options "tombola help" version' -l 'version' -d 'Show the version.'
