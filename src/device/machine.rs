//! The memory of this machine.

/// Returns the bytes that a program may use of those: other programs keep a part.
pub(crate) fn usable_memory() -> Option<u64> {
    available_memory().map(|bytes| bytes / 8 * 7)
}

/// Bytes that a program may still take without others having to give theirs up, where the system says so: what Linux
/// calls available, and no more than the limits of a container leave.
#[cfg(not(windows))]
fn available_memory() -> Option<u64> {
    use std::fs::read_to_string;
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| available(&text))?;
    let number = |name: &str| read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    match number("memory.max").zip(number("memory.current")) {
        Some((limit, used)) => Some(machine.min(limit.saturating_sub(used))),
        None => Some(machine),
    }
}

#[cfg(any(not(windows), test))]
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Bytes that Windows calls available, and no more than it would promise: it hands out no memory that neither the
/// machine nor the page file has.
#[cfg(windows)]
fn available_memory() -> Option<u64> {
    /// `MEMORYSTATUSEX` of Windows.
    #[repr(C)]
    #[derive(Default)]
    struct Status {
        size: u32,
        percent_used: u32,
        total: u64,
        available: u64,
        total_promised: u64,
        available_promised: u64,
        addresses: [u64; 3],
    }
    unsafe extern "system" {
        fn GlobalMemoryStatusEx(status: *mut Status) -> i32;
    }
    let mut status = Status { size: size_of::<Status>() as u32, ..Status::default() };
    // SAFETY: the function writes to a structure whose size its first field says.
    let known = unsafe { GlobalMemoryStatusEx(&mut status) } != 0;
    known.then(|| status.available.min(status.available_promised))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_available() {
        let text = "MemTotal:       24000000 kB\nMemFree:          100 kB\nMemAvailable:   23000000 kB\n";
        assert_eq!(available(text), Some(23_000_000 * 1024));
        for text in
            ["", "MemFree: 5 kB", "MemAvailable: x kB", "MemAvailable: 5", "MemAvailable: 99999999999999999999 kB"]
        {
            assert_eq!(available(text), None, "{text}");
        }
    }

    #[test]
    fn the_machine_says_how_much_is_available() {
        assert!(
            cfg!(not(any(target_os = "linux", windows))) || available_memory().is_some_and(|bytes| bytes > 1 << 20)
        );
    }
}
