//! Packages in fewer bits: made, proved, and refused when they drift.

use evenkeel::engine::{Recogniser, check_golden, graph_size};
use evenkeel::package::{Drift, Package, PackageContents, Precision};

use super::random_model::model;
use super::tests::{real_features, request};
use super::*;
use crate::model::Activation;

/// A package in f32, and windows to compare on.
fn wide(folder: &Path, model: &random_model::Model) -> (Package, Vec<DriftWindow>) {
    let features = [real_features(model), model.features(2)];
    let mut reference =
        |features: &Features, validity: PerSensor<f32>| Ok(model.answer(features, validity));
    let destination = folder.join("wide");
    export(request(model, &features), &mut reference, &destination).unwrap();
    let windows = (0..20)
        .map(|seed| DriftWindow {
            name: format!("window {seed}"),
            features: model.features(seed),
        })
        .collect();
    (Package::open(&destination).unwrap(), windows)
}

/// What numbers drawn at random may drift: their answers rest on a hair.
fn narrowing(precision: Precision, probability: f32) -> Narrowing {
    Narrowing::new(precision, Some(probability), Some(0.1))
        .unwrap()
        .unwrap()
}

#[test]
fn a_package_in_fewer_bits_says_how_far_it_drifts_and_proves_it() {
    let folder = tempfile::tempdir().unwrap();
    let random = model(Fusion::Rollingq, Activation::Relu, 41);
    let (package, windows) = wide(folder.path(), &random);
    for (precision, allowed) in [(Precision::F16, 0.01), (Precision::Int8, 0.1)] {
        let destination = folder.path().join(precision.to_string());
        let narrowing = narrowing(precision, allowed);
        let drift = convert(&package, narrowing, &windows, &destination).unwrap();
        // Every window with both sensors, and with each one gone.
        assert_eq!((drift.windows, drift.answers), (20, 60));
        assert!(
            drift.probability > 0.0 && drift.probability <= allowed,
            "{drift:?}"
        );
        let made = Package::open(&destination).unwrap();
        assert_eq!(made.manifest.precision, precision);
        assert_eq!(made.manifest.drift.unwrap().probability, allowed);
        let kept = made.manifest.training.metrics["drift.probability"];
        assert_eq!(kept, f64::from(drift.probability));
        assert_eq!(made.golden().unwrap(), package.golden().unwrap());
        assert!(
            made.card()
                .unwrap()
                .contains(&format!("stored in {precision}"))
        );
        let golden = check_golden(&made, &mut Recogniser::new(&made).unwrap()).unwrap();
        assert!(golden.matches && golden.allowed == allowed, "{golden:?}");

        // The next is made of the one in f32, not of this one.
        let error = convert(&made, narrowing, &windows, &destination).unwrap_err();
        assert!(error.to_string().contains("already"), "{error}");
    }
    let beside = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(beside, 3, "something was left beside the packages");
}

#[test]
fn an_export_in_fewer_bits_is_the_one_in_f32_converted() {
    let folder = tempfile::tempdir().unwrap();
    let random = model(Fusion::Sum, Activation::Gelu, 42);
    let (package, windows) = wide(folder.path(), &random);
    let features = [real_features(&random)];
    let mut reference =
        |features: &Features, validity: PerSensor<f32>| Ok(random.answer(features, validity));
    let narrowing = narrowing(Precision::Int8, 0.2);
    let request = ExportRequest {
        narrowing: Some(narrowing),
        drift: &windows,
        ..request(&random, &features)
    };
    let exported = folder.path().join("exported");
    let drift = export(request, &mut reference, &exported)
        .unwrap()
        .drift
        .unwrap();
    let converted = folder.path().join("converted");
    assert_eq!(
        convert(&package, narrowing, &windows, &converted).unwrap(),
        drift
    );
    let [one, other] = [&exported, &converted].map(|dir| Package::open(dir).unwrap());
    assert_eq!(one.graphs, other.graphs);
    assert_eq!(one.manifest, other.manifest);
}

#[test]
fn a_weight_that_dwarfs_the_others_is_refused_in_int8_and_fine_in_f16() {
    let mut random = model(Fusion::Rollingq, Activation::Relu, 43);
    // A hidden unit that never speaks up, whose weights are a thousand times the others': no answer in f32 changes,
    // and of the others' weights int8 leaves nothing.
    for block in 0..2 {
        let (width, hidden) = (24, 48);
        let name = |part: &str| format!("audio.blocks.{block}.mlp.{part}");
        random.weights.edit(&name("up.bias"), |bias| bias[0] = -1e3);
        random.weights.edit(&name("down.weight"), |weights| {
            (0..width).for_each(|output| weights[output * hidden] = 1e3);
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let (package, windows) = wide(folder.path(), &random);
    let destination = folder.path().join("narrow");
    let error = convert(
        &package,
        narrowing(Precision::Int8, 0.05),
        &windows,
        &destination,
    );
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("0.05 is allowed") && text.contains("farthest off are window"),
        "{text}"
    );
    assert!(!destination.exists());
    convert(
        &package,
        narrowing(Precision::F16, 0.01),
        &windows,
        &destination,
    )
    .unwrap();
}

#[test]
fn answers_that_turn_unsure_are_refused_whatever_their_probabilities() {
    let folder = tempfile::tempdir().unwrap();
    let random = model(Fusion::Rollingq, Activation::Relu, 44);
    let (mut package, _) = wide(folder.path(), &random);
    let edge = [DriftWindow {
        name: "the edge".into(),
        features: real_features(&random),
    }];
    let destination = folder.path().join("narrow");
    let loose = narrowing(Precision::Int8, 0.25);
    convert(&package, loose, &edge, &destination).unwrap();
    // A threshold between the answer in f32 and the one in int8.
    let confidence = |package: &Package| {
        let mut recogniser = Recogniser::new(package).unwrap();
        all_valid(&mut recogniser, &random.window())
            .unwrap()
            .confidence
    };
    let narrow = Package::open(&destination).unwrap();
    package.manifest.thresholds.confidence = (confidence(&package) + confidence(&narrow)) / 2.0;
    let outcome = convert(&package, loose, &edge, &folder.path().join("other"));
    let Err(ExportError::Drifts {
        changed, answers, ..
    }) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(changed > 0 && answers == 3, "{changed} of {answers}");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn without_windows_nothing_is_proved_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let random = model(Fusion::Rollingq, Activation::Relu, 45);
    let (package, _) = wide(folder.path(), &random);
    let destination = folder.path().join("narrow");
    let error = convert(&package, narrowing(Precision::F16, 0.1), &[], &destination);
    assert!(error.unwrap_err().to_string().contains("no window"));
    assert!(!destination.exists());
}

#[test]
fn drifts_that_make_no_sense_are_refused() {
    assert_eq!(Narrowing::new(Precision::F32, None, None).unwrap(), None);
    assert!(Narrowing::new(Precision::F32, Some(0.1), None).is_err());
    assert!(Narrowing::new(Precision::Int8, Some(0.9), None).is_err());
    assert!(Narrowing::new(Precision::Int8, None, Some(f32::NAN)).is_err());
    let usual = Narrowing::new(Precision::Int8, None, None).unwrap();
    assert_eq!(
        usual,
        Narrowing::new(Precision::Int8, Some(0.05), Some(0.01)).unwrap()
    );
}

#[test]
fn a_board_refuses_golden_windows_that_drift_further_than_the_package_allows() {
    let folder = tempfile::tempdir().unwrap();
    let random = model(Fusion::Rollingq, Activation::Relu, 46);
    let (package, windows) = wide(folder.path(), &random);
    let destination = folder.path().join("narrow");
    convert(
        &package,
        narrowing(Precision::Int8, 0.2),
        &windows,
        &destination,
    )
    .unwrap();
    let made = Package::open(&destination).unwrap();
    let mut contents = PackageContents {
        card: made.card().unwrap(),
        golden: made.golden().unwrap(),
        manifest: made.manifest.clone(),
        graphs: made.graphs.clone(),
    };
    contents.manifest.drift = Some(Drift {
        probability: 1e-7,
        answers: 0.0,
    });
    package::write(&destination, &contents).unwrap();
    let strict = Package::open(&destination).unwrap();
    let golden = check_golden(&strict, &mut Recogniser::new(&strict).unwrap()).unwrap();
    assert!(
        !golden.matches && golden.largest_difference > golden.allowed,
        "{golden:?}"
    );
    // And nobody writes such a package.
    assert!(convert::prove(&contents, &destination).is_err());
}

/// The shipped model by hand: outputs · inputs of each output, layer by layer.
#[test]
fn multiply_accumulates_are_those_counted_by_hand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/digits.toml");
    let config = crate::fit::FitConfig::read(&path, &[]).unwrap();
    let graphs = untrained(&config, 11).unwrap().graphs;
    let block = |tokens: u64| tokens * (4 * 64 * 64 + 2 * 64 * 128) + 2 * tokens * tokens * 64;
    let stem = 12 * 40 * 24 * 49 + 5 * 38 * 48 * (24 * 9) + 12 * 64 * (48 * 20);
    let audio = graph_size(graphs.encoders.audio.as_ref().unwrap()).unwrap();
    assert_eq!(audio.multiply_accumulates, stem + 2 * block(12) + 64 * 11);
    assert_eq!(audio.tokens, Some(12));
    let stem = 22 * 22 * 24 * 25 + 7 * 7 * 48 * (24 * 16) + 25 * 64 * (48 * 9);
    let camera = graph_size(graphs.encoders.camera.as_ref().unwrap()).unwrap();
    assert_eq!(camera.multiply_accumulates, stem + 2 * block(25) + 64 * 11);
    assert_eq!(camera.tokens, Some(25));
    // One score and one share for each token, then the head.
    let fusion = graph_size(&graphs.fusion).unwrap();
    assert_eq!(fusion.multiply_accumulates, 2 * (12 + 25) * 64 + 64 * 11);
    assert_eq!(fusion.tokens, None);
    // Weights and biases without the keys' biases, and the norms' scales; the position; the probe and its temperature.
    let block = 4 * 64 * 64 + 2 * 64 + 2 * 64 * 128 + 128 + 64 + 2 * 64;
    let stem = 24 * 49 + 24 + 48 * 24 * 9 + 48 + 64 * 48 * 20 + 64 + 12 * 64;
    assert_eq!(
        audio.parameters,
        stem + 2 * block + 2 * 64 + 64 * 11 + 11 + 1
    );
}
