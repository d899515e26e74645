//! The graph of each kind of fusion.
//!
//! A sensor with validity 0 must add exactly nothing, even when its tokens are rubbish. Zero times
//! rubbish is not always zero (infinity, NaN), so `Where` puts a harmless number in its place
//! both before the maximum of the softmax and after the sum.

use evenkeel::window::{Modality, PerSensor};

use super::ExportError;
use super::fold::{Folded, Head, round, transpose};
use super::onnx::{Attribute, GraphBuilder};
use super::weights::Weights;
use crate::model::Fusion;

/// The ONNX file of the fusion; `tokens` is how many each sensor gives.
pub(super) fn fusion(
    fusion: Fusion,
    weights: &Weights,
    tokens: PerSensor<Option<usize>>,
    width: usize,
    classes: usize,
) -> Result<Vec<u8>, ExportError> {
    let mut graph = GraphBuilder::new("fusion");
    let sensors: Vec<(Modality, usize)> = Modality::ALL
        .into_iter()
        .filter_map(|modality| tokens[modality].map(|count| (modality, count)))
        .collect();
    for (modality, count) in &sensors {
        graph.input(&modality.to_string(), &[1, *count, width]);
    }
    let further = Modality::FURTHER
        .into_iter()
        .filter(|&modality| tokens[modality].is_some());
    let places: Vec<Modality> = Modality::LIVE.into_iter().chain(further).collect();
    graph.input("validity", &[1, places.len()]);
    graph.output("logits", &[1, classes]);
    graph.output("attention", &[1, 1 + places.len()]);

    let mut build = Build {
        graph,
        sensors,
        places,
        width,
        classes,
    };
    build.validity();
    match fusion {
        Fusion::Rollingq | Fusion::Attention => {
            build.attention(&Folded::new(weights, width, classes)?);
        }
        Fusion::Concat => {
            let inputs = fusion.head_inputs(build.sensors.len(), width);
            build.means(&Head::read(weights, inputs, classes)?, Join::Concat);
        }
        Fusion::Sum | Fusion::Audio | Fusion::Camera | Fusion::Signal => {
            build.means(&Head::read(weights, width, classes)?, Join::Sum);
        }
    }
    Ok(build.graph.finish())
}

#[derive(Clone, Copy, PartialEq)]
enum Join {
    Concat,
    Sum,
}

struct Build {
    graph: GraphBuilder,
    /// The model's sensors and how many tokens each gives.
    sensors: Vec<(Modality, usize)>,
    /// Audio and camera, then the further sensors of the model: their order in validity and attention.
    places: Vec<Modality>,
    width: usize,
    classes: usize,
}

impl Build {
    /// `{sensor}.validity` and `{sensor}.valid` (whether it is above zero), both `[1, 1, 1]`.
    fn validity(&mut self) {
        let graph = &mut self.graph;
        graph.constant("zero", &[1, 1, 1], &[0.0]);
        let parts: Vec<String> = self
            .places
            .iter()
            .map(|m| format!("validity.{m}"))
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        graph.node_with(
            "validity.parts",
            "Split",
            &["validity"],
            &[Attribute::Int("axis", 1)],
            &parts,
        );
        for (modality, _) in &self.sensors {
            let part = format!("validity.{modality}");
            let weight = graph.reshape(&format!("{modality}.validity"), &part, &[1, 1, 1]);
            graph.node(
                &format!("{modality}.valid"),
                "Greater",
                &[&weight, "zero"],
                &[],
            );
        }
    }

    fn attention(&mut self, folded: &Folded) {
        let width = self.width;
        let graph = &mut self.graph;
        graph.constant("score", &[width, 1], &round(&folded.score));
        graph.constant("class.score", &[1, 1, 1], &[folded.class_score as f32]);
        graph.constant("class", &[1, 1, width], &round(&folded.class));
        graph.integers("last", &[2]);

        let mut largest = "class.score".to_owned();
        for (modality, count) in &self.sensors {
            let scores = graph.node(
                &format!("{modality}.scores"),
                "MatMul",
                &[&modality.to_string(), "score"],
                &[],
            );
            let scores = graph.reshape(&format!("{modality}.scores.row"), &scores, &[1, 1, *count]);
            let masked = graph.node(
                &format!("{modality}.scores.masked"),
                "Where",
                &[&format!("{modality}.valid"), &scores, "class.score"],
                &[],
            );
            let attributes = [Attribute::Ints("axes", &[2]), Attribute::Int("keepdims", 1)];
            let top = graph.node(
                &format!("{modality}.top"),
                "ReduceMax",
                &[&masked],
                &attributes,
            );
            largest = graph.node(
                &format!("{modality}.largest"),
                "Max",
                &[&largest, &top],
                &[],
            );
        }

        let weight = graph.node("class.above", "Sub", &["class.score", &largest], &[]);
        let mut weights = vec![graph.node("class.weight", "Exp", &[&weight], &[])];
        let mut total = weights[0].clone();
        let mut mixed = graph.node("class.part", "Mul", &[&weights[0], "class"], &[]);
        for (modality, _) in &self.sensors {
            let named = |part: &str| format!("{modality}.{part}");
            let masked = named("scores.masked");
            let above = graph.node(&named("above"), "Sub", &[&masked, &largest], &[]);
            let raised = graph.node(&named("raised"), "Exp", &[&above], &[]);
            let weighted = graph.node(
                &named("weights"),
                "Mul",
                &[&raised, &named("validity")],
                &[],
            );
            let sum = graph.node(
                &named("weight"),
                "ReduceSum",
                &[&weighted, "last"],
                &[Attribute::Int("keepdims", 1)],
            );
            let tokens = modality.to_string();
            let part = graph.node(&named("mixed"), "MatMul", &[&weighted, &tokens], &[]);
            let part = graph.node(
                &named("part"),
                "Where",
                &[&named("valid"), &part, "zero"],
                &[],
            );
            total = graph.node(&named("total"), "Add", &[&total, &sum], &[]);
            mixed = graph.node(&named("joined"), "Add", &[&mixed, &part], &[]);
            weights.push(sum);
        }
        let mixed = graph.node("mixed", "Div", &[&mixed, &total], &[]);
        let row = graph.reshape("mixed.row", &mixed, &[1, width]);
        self.head(&row, &folded.head);

        let graph = &mut self.graph;
        let mut names = vec![weights[0].as_str()];
        for place in &self.places {
            let at = self.sensors.iter().position(|(sensor, _)| sensor == place);
            // Weights of sensors come behind that of the class token.
            names.push(at.map_or("zero", |at| weights[at + 1].as_str()));
        }
        let joined = graph.node("shares", "Concat", &names, &[Attribute::Int("axis", 2)]);
        let shares = graph.node("shares.of.total", "Div", &[&joined, &total], &[]);
        graph.reshape("attention", &shares, &[1, 1 + self.places.len()]);
    }

    fn means(&mut self, head: &Head, join: Join) {
        let width = self.width;
        let graph = &mut self.graph;
        let mut parts = Vec::new();
        for (modality, _) in &self.sensors {
            let named = |part: &str| format!("{modality}.{part}");
            let attributes = [Attribute::Ints("axes", &[1]), Attribute::Int("keepdims", 1)];
            let mean = graph.node(
                &named("mean"),
                "ReduceMean",
                &[&modality.to_string()],
                &attributes,
            );
            let weighted = graph.node(&named("weighted"), "Mul", &[&mean, &named("validity")], &[]);
            let inputs = [&named("valid"), &weighted, "zero"];
            parts.push(graph.node(&named("part"), "Where", &inputs, &[]));
        }
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (joined, length) = match names.as_slice() {
            [one] => ((*one).to_owned(), width),
            all if join == Join::Concat => (
                graph.node("joined", "Concat", all, &[Attribute::Int("axis", 2)]),
                all.len() * width,
            ),
            all => (sum(graph, "joined", all), width),
        };
        let row = graph.reshape("joined.row", &joined, &[1, length]);
        self.head(&row, head);
        self.shares();
    }

    /// Attention of a fusion that has none: how the validity is divided.
    fn shares(&mut self) {
        let graph = &mut self.graph;
        // Smaller than any validity that counts, so that 0 / 0 is 0.
        graph.constant("least", &[1, 1, 1], &[f32::MIN_POSITIVE]);
        let has = |wanted: Modality| self.sensors.iter().any(|(modality, _)| *modality == wanted);
        let weights = self.places.iter().map(|&modality| match has(modality) {
            true => format!("{modality}.validity"),
            false => "zero".to_owned(),
        });
        let weights: Vec<String> = weights.collect();
        let weights: Vec<&str> = weights.iter().map(String::as_str).collect();
        // Without a microphone and a camera nothing but constants would be in their places.
        let parts = match Modality::LIVE.into_iter().any(has) {
            true => weights.clone(),
            false => [&weights[Modality::LIVE.len()..], &["zero"][..]].concat(),
        };
        let total = sum(graph, "total", &parts);
        let total = graph.node("total.safe", "Max", &[&total, "least"], &[]);
        let inputs = [&["zero"], weights.as_slice()].concat();
        let joined = graph.node("shares", "Concat", &inputs, &[Attribute::Int("axis", 2)]);
        let shares = graph.node("shares.of.total", "Div", &[&joined, &total], &[]);
        graph.reshape("attention", &shares, &[1, 1 + self.places.len()]);
    }

    fn head(&mut self, row: &str, head: &Head) {
        let classes = self.classes;
        let inputs = head.matrix.len() / classes;
        let matrix = round(&transpose(&head.matrix, inputs));
        let graph = &mut self.graph;
        graph.constant("head.weight", &[inputs, classes], &matrix);
        graph.constant("head.bias", &[1, classes], &round(&head.bias));
        let product = graph.node("head", "MatMul", &[row, "head.weight"], &[]);
        graph.node("logits", "Add", &[&product, "head.bias"], &[]);
    }
}

/// The sum of two or more, under this name.
fn sum(graph: &mut GraphBuilder, name: &str, parts: &[&str]) -> String {
    let (last, others) = parts.split_last().expect("there is something to add");
    let mut total = others[0].to_owned();
    for (place, other) in others[1..].iter().enumerate() {
        total = graph.node(&format!("{name}.{place}"), "Add", &[&total, other], &[]);
    }
    graph.node(name, "Add", &[&total, last], &[])
}
