# What the test of live on device nodes makes of the JSON lines: docs/live.md says what each field means.
# All names of fields and all bounds are here.

# Seconds.
def longest_notice: 4;
def longest_recovery: 12;
def longest_pause: 3;
# Seconds in which answers follow what is shown: a window, and what the smoothing remembers.
def follow: 3;
# Of the answers while a label is shown, this share at least says so; of those during a fault, at most this
# share says something else.
def least_right: 0.6;
def most_wrong: 0.1;

# jq knows no fractions of a second in dates.
def wall: .wall | (.[0:19] + "Z" | fromdate) + ("0" + (.[19:] | rtrimstr("Z")) | tonumber);
def sensor($name): .sensors[$name];
def runs: .condition == "running";
def well: runs and .health >= 0.5 and .validity >= 0.5;
def words: if runs then .reason // "" else .trouble // .condition end;
def said: .smoothed.label;

def hundredths: . * 100 | round / 100;
def percent: . * 100 | round | tostring + " %";
def some(f): if . == null then null else f end;
def pad($width): tostring | . + " " * ($width - length);

# The columns of the table.
def columns($cells): [$cells, [22, 9, 11, 6, 9, 7, 28]] | transpose | map(.[1] as $width | .[0] // "-" | pad($width)) | join("");

def quantile($share): sort | .[(length - 1) * $share | floor];

# The rows of a file of names and times.
def rows: split("\n") | map(select(. != "") | split("\t") | [.[0]] + (.[1:] | map(tonumber)));

# The sensors that a fault is about.
def sensors_of($fault): if $fault | startswith("microphone") then ["audio"]
    elif $fault | startswith("camera") then ["camera"] else ["audio", "camera"] end;
# A word that has to be said of it, where one has.
def must_say($fault): { "camera-busy": "busy", "camera-forbidden": "denied", "camera-stalled": "stalled",
    "camera-frozen": "frozen", "microphone-busy": "busy", "microphone-forbidden": "denied" }[$fault];
# Nobody can notice that he is asleep.
def is_noticed($fault): $fault | startswith("process") or startswith("board") | not;

def between($from; $to): map(select(.at >= $from and .at <= $to));
# Answers that should have come between these and did not.
def lost: [.[:-1], .[1:]] | transpose | map((.[1].index - .[0].index) / .[1].stride - 1 | if . > 0 then ceil else 0 end) | add // 0;
def pauses: [.[:-1], .[1:]] | transpose | map(.[1].at - .[0].at);

# One fault: what was noticed of it and when, and when all was well again.
def judge($fault; $from; $to; $until; $truth):
    sensors_of($fault) as $names
    | between($from - 2; $until) as $lines
    | ($lines | map(select(.at >= $from))) as $after
    | ($after | map(select(any($names[] as $name | sensor($name); well | not)))) as $bad
    # A sound with drop-outs later on is the emulation's doing: being well once, after having been noticed, is what counts.
    | ([$to, ($bad | first | .at) // $to] | max) as $since
    | ($after | map(select(.at >= $since and all($names[] as $name | sensor($name); well))) | first) as $good
    | ($lines | between($from + follow; $to)) as $during
    | {
        fault: $fault,
        words: ($bad | map($names[] as $name | sensor($name) | select(well | not) | words) | unique - [""]),
        noticed: (if $bad == [] then null else ($bad | first | .at) - $from end),
        recovered: (if $good == null then null else [$good.at - $to, 0] | max end),
        lost: ($lines | lost),
        pause: ($lines | pauses | max // ($until - $from)),
        right: (if $during == [] then null else ($during | map(select(said == $truth)) | length) / ($during | length) end),
        wrong: (if $during == [] then null else ($during | map(select(said != null and said != $truth)) | length) / ($during | length) end),
    }
    | .broken = [
        if is_noticed($fault) and (.noticed == null or .noticed > longest_notice) then "not noticed in \(longest_notice) s" else empty end,
        if must_say($fault) as $word | $word != null and (.words | index($word)) == null then "not called \(must_say($fault))" else empty end,
        if .recovered == null or .recovered > longest_recovery then "not recovered in \(longest_recovery) s" else empty end,
        if is_noticed($fault) and .pause > longest_pause then "no answer for \(.pause | hundredths) s" else empty end,
        if .wrong != null and .wrong > most_wrong then "wrong \(.wrong | percent)" else empty end
    ];

def fault_line:
    columns([.fault, (.noticed | some(hundredths)), (.recovered | some(hundredths)), .lost, (.pause | hundredths),
        (.right | some(percent)), (.words | join(", "))])
    + if .broken == [] then "" else "BROKEN: " + (.broken | join("; ")) end;

def label_line($name; $from; $to): between($from + follow; $to)
    | if . == [] then 0 else (map(select(said == $name)) | length) / length end
    | "\($name | pad(8))\(percent) of the answers"
        + if . < least_right then "  BROKEN: less than \(least_right | percent)" else "" end;

def summary:
    "\(length) answers, \(pauses | 1 / quantile(0.5) | hundredths) a second (median), hop \(.[0].hop_ms) ms, stride \(map(.stride) | quantile(0.5))",
    "age of an answer: median \(map(.age_ms) | quantile(0.5) | round) ms, 99 % below \(map(.age_ms) | quantile(0.99) | round) ms";

# Everything, as text; what breaks a bound is marked with the word BROKEN.
def report($faults; $shown; $truth):
    [inputs | .at = wall] as $lines
    | if ($lines | length) < 2 then "BROKEN: hardly any answers" else
        ($lines | summary),
        "",
        "Share of right answers while a label was shown and said:",
        ($shown | rows[] as [$name, $from, $to] | $lines | label_line($name; $from; $to)),
        "",
        "Seconds until a fault is noticed, and from its end until all is well; answers lost; longest pause",
        "between answers, in seconds; right answers during the fault; what it was called:",
        columns(["fault", "noticed", "recovered", "lost", "pause", "right", "called"]),
        ($faults | rows[] as [$fault, $from, $to, $until] | $lines | judge($fault; $from; $to; $until; $truth) | fault_line)
      end;
