//! What the system tells of the machine and of this process.

/// What the system tells of the processor; empty where it tells nothing.
pub fn cpuinfo() -> String {
    std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()
}

/// The first of some fields that [`cpuinfo`] has.
pub fn cpu_field<'a>(info: &'a str, names: &[&str]) -> Option<&'a str> {
    info.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        names.contains(&name.trim()).then(|| value.trim())
    })
}

/// What the processor is called of which `info` tells, or the board where the processor has no name.
pub fn processor(info: &str) -> &str {
    cpu_field(info, &["model name", "Model", "Hardware"]).unwrap_or(std::env::consts::ARCH)
}

/// Memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Resident now.
    Resident,
    /// The most that ever was.
    Peak,
}

/// Bytes of memory of the process `id`, of this one if `None`, where the system tells.
pub fn memory_bytes(id: Option<u32>, which: Memory) -> Option<u64> {
    let process = id.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = match which {
        Memory::Resident => "VmRSS:",
        Memory::Peak => "VmHWM:",
    };
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_needed_at_least_what_it_needs() {
        let resident = memory_bytes(None, Memory::Resident).unwrap();
        let peak = memory_bytes(Some(std::process::id()), Memory::Peak).unwrap();
        assert!(resident > 1 << 20 && peak >= 1 << 20, "{resident} {peak}");
    }
}
