//! Limits in files, and words for people.

use super::*;

#[test]
fn limits_read_back_from_toml_and_nonsense_is_refused() {
    let text = toml::to_string(&*LEARNT).unwrap();
    assert_eq!(
        toml::from_str::<HealthConfig>(&text).unwrap(),
        *LEARNT,
        "{text}"
    );
    assert_eq!(LEARNT.check(), Ok(()));
    assert_eq!(HealthConfig::default().check(), Ok(()));
    let check = |limits: &str| {
        let config: Result<HealthConfig, _> = toml::from_str(limits);
        config
            .map_err(|error| error.to_string())
            .and_then(|config| config.check())
    };
    assert_eq!(
        check("[camera]\nbrightness = { low = 0.1, high = 0.9, soft = 0.1 }"),
        Ok(())
    );
    for (nonsense, named) in [
        (
            "camera.brightness = { low = 0.9, high = 0.1, soft = 0.1 }",
            "above high",
        ),
        (
            "camera.brightness = { low = nan, soft = 0.1 }",
            "camera.brightness: low",
        ),
        ("camera.brightness = { low = 0.1, soft = 0.0 }", "soft"),
        ("camera.brightness = { low = 0.1, soft = nan }", "soft"),
        (
            "audio.noise_floor = { high = inf, soft = 1.0 }",
            "audio.noise_floor: high",
        ),
        ("audio.noise_floor = { soft = 1.0 }", "low or high"),
        ("audio.hum = { low = -90.0, soft = 1.0 }", "never a fault"),
        ("audio.hum = { high = -90.0, soft = 1.0, hard = 2 }", "hard"),
        ("audio.smell = { high = -90.0, soft = 1.0 }", "smell"),
    ] {
        let fault = check(nonsense).unwrap_err();
        assert!(fault.contains(named), "{nonsense}: {fault}");
    }
}

#[test]
fn too_few_windows_give_no_limits() {
    let mut calibration = Calibration::default();
    for seed in 0..20 {
        calibration.add(&clean(seed, Duration::ZERO));
    }
    assert_eq!(calibration.finish(), HealthConfig::default());
}

#[test]
fn files_get_the_id_and_people_the_words() {
    let frozen = Health {
        score: 0.0,
        reason: Some(Reason::Frozen { seconds: 1.44 }),
    };
    assert_eq!(
        serde_json::to_string(&frozen).unwrap(),
        r#"{"score":0.0,"reason":"frozen"}"#
    );
    assert_eq!(frozen.reason.unwrap().to_string(), "frozen for 1.4 s");
}
