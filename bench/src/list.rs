//! The list of benches, a TOML file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Everything that can be measured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Measured side by side with a peer.
    #[serde(default, rename = "bench")]
    pub benches: Vec<Bench>,
    /// Measured by themselves, for several sizes of the work.
    #[serde(default, rename = "curve")]
    pub curves: Vec<Curve>,
}

/// How the cost of some work grows with its size.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// What is done.
    pub name: String,
    /// What it belongs to.
    pub group: String,
    /// What its size is counted in.
    pub unit: String,
    /// The sizes, rising; each stands for `{x}` in the commands.
    pub sizes: Vec<u32>,
    /// Cores that it may run on.
    pub cores: usize,
    /// What makes the input of a size, if something has to.
    #[serde(default)]
    pub prepare: Vec<String>,
    /// What does the work.
    pub command: Vec<String>,
    /// Whether the work is all that the process does; else it takes turns.
    #[serde(default)]
    pub whole_process: bool,
}

/// The same work done by us and by a peer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// What is done.
    pub name: String,
    /// What the entry is repeated for: `{names}` and their values, every combination.
    #[serde(default)]
    each: BTreeMap<String, Vec<String>>,
    /// What it belongs to; `--only` chooses by this and by the name.
    pub group: String,
    /// Cores that both sides may run on.
    pub cores: usize,
    /// Programs and arguments, with `{names}` for what differs from machine to machine.
    pub ours: Vec<String>,
    /// The same of the peer.
    pub peer: Vec<String>,
    /// What the peer is called.
    pub against: String,
    /// The largest ratio of our time to the peer's that we are content with; none where the peer does something else.
    pub limit: Option<f64>,
}

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// When it cannot be read, or two benches have one name.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the list of benches {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no list of benches", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut list: Self = toml::from_str(text)?;
        list.benches = list.benches.iter().flat_map(Bench::repeated).collect();
        let mut names = BTreeSet::new();
        for name in list.names() {
            ensure!(
                names.insert(name),
                "two entries are called \"{name}\"; give one another name"
            );
        }
        for bench in &list.benches {
            ensure!(
                bench.cores > 0 && !bench.ours.is_empty() && !bench.peer.is_empty(),
                "\"{}\" needs a core and a command for each side",
                bench.name
            );
        }
        for curve in &list.curves {
            ensure!(
                curve.sizes.len() > 1
                    && curve.sizes.is_sorted_by(|a, b| a < b)
                    && curve.sizes[0] > 0,
                "\"{}\" needs two or more sizes that rise",
                curve.name
            );
            ensure!(
                curve.cores > 0 && !curve.command.is_empty(),
                "\"{}\" needs a core and a command",
                curve.name
            );
        }
        Ok(list)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let benches = self.benches.iter().map(|bench| bench.name.as_str());
        benches.chain(self.curves.iter().map(|curve| curve.name.as_str()))
    }

    /// Those whose group or name holds one of these words; all of them without a word.
    ///
    /// # Errors
    /// When there is none.
    pub fn choose(mut self, words: &[String]) -> Result<Self> {
        let names: Vec<_> = self.names().map(str::to_owned).collect();
        let has = |name: &str, group: &str| {
            let holds = |word: &String| name.contains(word) || group.contains(word);
            words.is_empty() || words.iter().any(holds)
        };
        self.benches.retain(|bench| has(&bench.name, &bench.group));
        self.curves.retain(|curve| has(&curve.name, &curve.group));
        ensure!(
            !self.benches.is_empty() || !self.curves.is_empty(),
            "no bench is called so; there are: {}",
            names.join("; ")
        );
        Ok(self)
    }
}

impl Bench {
    /// The entry once for each combination of what it is repeated for.
    fn repeated(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        for (name, values) in &self.each {
            let with = |bench: &Self, value: &String| {
                let fill = |text: &String| text.replace(&format!("{{{name}}}"), value);
                Self {
                    name: fill(&bench.name),
                    ours: bench.ours.iter().map(fill).collect(),
                    peer: bench.peer.iter().map(fill).collect(),
                    ..bench.clone()
                }
            };
            all = all
                .iter()
                .flat_map(|bench| values.iter().map(move |value| with(bench, value)))
                .collect();
        }
        all
    }
}

/// A command with its `{names}` filled in.
///
/// # Errors
/// When a name is not known.
pub fn filled(command: &[String], values: &BTreeMap<String, String>) -> Result<Vec<String>> {
    command
        .iter()
        .map(|word| {
            let fill = |text: String, (name, value): (&String, &String)| {
                text.replace(&format!("{{{name}}}"), value)
            };
            let text = values.iter().fold(word.clone(), fill);
            ensure!(
                !text.contains('{'),
                "\"{word}\" names something that is not given; add --with NAME=VALUE"
            );
            Ok(text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[bench]]
        name = "camera encoder"
        group = "inference"
        cores = 1
        ours = ["{bin}/evenkeel"]
        peer = ["python"]
        against = "ONNX Runtime"
        limit = 1.1
    "#;

    #[test]
    fn benches_are_chosen_by_words_of_their_names_and_groups() {
        let choose = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            List::parse(LIST).unwrap().choose(&words)
        };
        assert_eq!(choose(&[]).unwrap().benches.len(), 1);
        assert_eq!(choose(&["infer"]).unwrap().benches.len(), 1);
        assert_eq!(choose(&["camera"]).unwrap().benches.len(), 1);
        let error = choose(&["training"]).unwrap_err().to_string();
        assert!(error.contains("camera encoder"), "{error}");
    }

    #[test]
    fn an_entry_is_repeated_for_every_combination() {
        let each = "each = { a = [\"1\", \"2\"], b = [\"x\", \"y\", \"z\"] }\nname = \"{a}{b}\"";
        let text = LIST.replace("name = \"camera encoder\"", each);
        let text = text.replace("[\"python\"]", "[\"python\", \"{b}\"]");
        let benches = List::parse(&text).unwrap().benches;
        let names: Vec<_> = benches.iter().map(|bench| bench.name.as_str()).collect();
        assert_eq!(names, ["1x", "1y", "1z", "2x", "2y", "2z"]);
        assert_eq!(benches[5].peer, ["python", "z"]);
    }

    #[test]
    fn two_benches_of_one_name_are_refused() {
        let error = List::parse(&LIST.repeat(2)).unwrap_err().to_string();
        assert!(error.contains("camera encoder"), "{error}");
    }

    #[test]
    fn names_in_commands_are_filled_or_asked_for() {
        let mut values = BTreeMap::new();
        let command = ["{bin}/evenkeel".to_owned()];
        let error = filled(&command, &values).unwrap_err().to_string();
        assert!(error.contains("{bin}"), "{error}");
        values.insert("bin".into(), "target".into());
        assert_eq!(filled(&command, &values).unwrap(), ["target/evenkeel"]);
    }

    #[test]
    fn the_list_of_the_repository_can_be_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches.toml");
        let list = List::read(&path).unwrap();
        assert!(list.benches.len() > 10 && list.curves.len() > 2);
    }
}
