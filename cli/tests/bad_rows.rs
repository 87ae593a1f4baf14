//! Rows that cannot be used: refused all at once, left out, or listed.

use super::{Dir, values};
use serde_json::Value;

/// `bad.npy`: `x.npy` with four bad rows; `good.npy`: the others; `good.txt`: their keys.
fn with_bad_rows() -> Dir {
    let dir = Dir::with_items();
    let mut all = values(300, 6);
    (all[3 * 6 + 5], all[100 * 6], all[101 * 6 + 2], all[299 * 6 + 1]) =
        (f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN);
    dir.npy_of("bad.npy", 6, &all);
    let good: Vec<usize> = (0..300).filter(|row| ![3, 100, 101, 299].contains(row)).collect();
    dir.npy_of("good.npy", 6, &good.iter().flat_map(|row| all[row * 6..][..6].to_vec()).collect::<Vec<_>>());
    dir.items("good.txt", good);
    dir
}

#[test]
fn all_bad_rows_are_refused_at_once() {
    let dir = with_bad_rows();
    let run = dir.semid("fit --input bad.npy --clusters 8 --output out.safetensors");
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert!(lines[0].starts_with("error: bad.npy: 4 of 300 rows are bad"), "{}", run.stderr);
    let named =
        ["row 3, column 5 is NaN", "row 100, column 0 is inf", "row 101, column 2 is -inf", "row 299, column 1"];
    assert!(named.iter().zip(&lines[1..]).all(|(name, line)| line.contains(name)), "{}", run.stderr);
    assert!(lines.last().is_some_and(|line| line.starts_with("    (--bad-rows skip")), "{}", run.stderr);
    assert!(!dir.path("out.safetensors").exists());
    // Where several files have bad rows, none is named for all of them.
    std::fs::copy(dir.path("bad.npy"), dir.path("worse.npy")).unwrap();
    let run = dir.semid("fit --input bad.npy worse.npy --clusters 8 --output out.safetensors");
    assert!(run.stderr.starts_with("error: bad.npy and 1 more: 8 of 600 rows are bad"), "{}", run.stderr);
    assert!(run.stderr.contains("\n    worse.npy: row 3, column 5 is NaN\n"), "{}", run.stderr);
}

#[test]
fn rows_that_are_left_out_are_not_fitted() {
    let dir = with_bad_rows();
    dir.semid("fit --input good.npy --levels 2 --clusters 8 --output good.safetensors").ok();
    let run = dir.semid("fit --input bad.npy --bad-rows skip --levels 2 --clusters 8 --output skip.safetensors --json");
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["rows"], &json["bad_rows"]), (&296.into(), &4.into()));
    assert!(run.stderr.contains("bad.npy: 4 of 300 rows are bad and were left out"), "{}", run.stderr);
    let of_good = dir.semid("info --model good.safetensors --json").json(0);
    assert_eq!(json["fingerprint"], of_good["fingerprint"]);
    // A fit is repeated without the flag, and a flag wins; other commands leave nothing out without it.
    dir.write("fit.json", dir.semid("info --model skip.safetensors --json").ok());
    let again = dir.semid("fit --input bad.npy --config fit.json --output again.safetensors");
    assert!(again.code == Some(0) && again.stderr.contains("left out"), "{}", again.stderr);
    assert_eq!(dir.read("again.safetensors"), dir.read("skip.safetensors"));
    for refused in [
        "fit --input bad.npy --config fit.json --bad-rows refuse --output none.safetensors",
        "encode --model skip.safetensors --input bad.npy --output c.npy",
    ] {
        let run = dir.semid(refused);
        assert!(run.code == Some(2) && run.stderr.contains("4 of 300 rows are bad"), "{refused}: {}", run.stderr);
    }
    for command in ["verify --device cpu --device reference", "eval --k 2", "report --output r.html"] {
        let run = dir.semid(&format!("{command} --model m.safetensors --input bad.npy --bad-rows skip"));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("left out"), "{}", run.stderr);
    }
}

#[test]
fn rows_that_are_left_out_have_no_code_and_others_keep_their_numbers() {
    let dir = with_bad_rows();
    let encode = "encode --model m.safetensors --bad-rows skip --input bad.npy --output";
    for output in ["c.npy", "c.csv"] {
        assert_eq!(dir.semid(&format!("{encode} {output}")).code, Some(0));
    }
    dir.semid("encode --model m.safetensors --input good.npy --output g.npy").ok();
    let (codes, levels) = semid::io::read_codes(dir.path("c.npy")).unwrap();
    let (good, _) = semid::io::read_codes(dir.path("g.npy")).unwrap();
    let rows: Vec<&[u32]> = codes.chunks(levels).collect();
    assert_eq!(rows.len(), 300);
    let mut good = good.chunks(levels);
    for (row, codes) in rows.iter().enumerate() {
        match [3, 100, 101, 299].contains(&row) {
            true => assert!(codes.iter().all(|code| *code == u32::MAX), "{row}"),
            false => assert_eq!(Some(*codes), good.next(), "{row}"),
        }
    }
    let text = dir.text("c.csv");
    let numbers: Vec<usize> =
        text.lines().skip(1).map(|line| line.split_once(',').unwrap().0.parse().unwrap()).collect();
    assert_eq!(numbers, (0..300).filter(|row| ![3, 100, 101, 299].contains(row)).collect::<Vec<_>>());
    // The codes of all rows go with the input of which they are.
    let judged = dir.semid("eval --model m.safetensors --input bad.npy --bad-rows skip --codes c.npy --k 0 --json");
    let plain = dir.semid("eval --model m.safetensors --input good.npy --k 0 --json").stdout;
    let part = |text: &str| serde_json::from_str::<Value>(text).unwrap()["codes"].clone();
    assert_eq!(part(&judged.stdout), part(&plain), "{}", judged.stderr);
}

#[test]
fn items_without_a_usable_row_get_no_id() {
    let dir = with_bad_rows();
    let assign =
        "assign --model m.safetensors --bad-rows skip --bad-rows-output bad.csv --input bad.npy --items items.txt";
    assert_eq!(dir.semid(&format!("{assign} --db a.db")).code, Some(0));
    dir.semid("assign --model m.safetensors --input good.npy --items good.txt --db b.db").ok();
    for db in ["a", "b"] {
        dir.semid(&format!("export --db {db}.db --output {db}.csv")).ok();
    }
    assert_eq!(dir.text("a.csv"), dir.text("b.csv"));
    let expected = "row,item,file,file_row,column,kind\n3,item 3,bad.npy,3,5,nan\n100,item 100,bad.npy,100,0,infinite\n\
                    101,item 101,bad.npy,101,2,infinite\n299,item 299,bad.npy,299,1,nan\n";
    assert_eq!(dir.text("bad.csv"), expected);
    // Row numbers as keys are those of the input.
    assert_eq!(
        dir.semid("assign --model m.safetensors --bad-rows skip --input bad.npy --row-numbers --db n.db").code,
        Some(0)
    );
    dir.semid("lookup --db n.db --item 298").ok();
    assert_eq!(dir.semid("lookup --db n.db --item 100").code, Some(1));
}

#[test]
fn keys_of_bad_rows_are_those_of_all_rows() {
    let dir = with_bad_rows();
    let assign = "assign --model m.safetensors --input bad.npy --items good.txt --db a.db --bad-rows";
    dir.fails(&format!("{assign} list"), &["good.txt", "296 item keys for 300 rows"]);
    dir.fails(&format!("{assign} skip --bad-rows-output bad.csv"), &["good.txt", "296 item keys for 300 rows"]);
}

/// Messages count the rows that are left out.
#[test]
fn rows_have_their_numbers_in_the_input() {
    let dir = with_bad_rows();
    dir.semid("assign --model m.safetensors --input x.npy --items items.txt --db a.db --output ids.csv").ok();
    dir.items("twice.txt", (0..300).map(|row| if row == 290 { 4 } else { row }));
    dir.write("pairs.csv", "a,b\nitem 1,item 2\n");
    let skip = "--input bad.npy --bad-rows skip";
    for command in [
        "fit --levels 1 --clusters 8 --output o.safetensors --pairs pairs.csv",
        "eval --ids ids.csv",
        "assign --model m.safetensors --db b.db --pairs pairs.csv",
    ] {
        let args = format!("{command} {skip} --items twice.txt");
        dir.fails(&args, &["bad.npy", "rows 4 and 290 have the same item key \"item 4\""]);
    }
    let codes = |name: &str, rows: usize, row: usize| {
        let mut codes = vec![0_u32; rows * 2];
        codes[row * 2 + 1] = 99;
        let mut out = semid::io::NpyWriter::<u32>::create(dir.path(name), rows, 2).unwrap();
        out.write(&codes).unwrap();
        out.finish().unwrap();
    };
    codes("all.npy", 300, 150);
    codes("kept.npy", 296, 150);
    for name in ["all", "kept"] {
        for flag in ["codes", "against"] {
            let args = format!("eval --model m.safetensors {skip} --k 0 --{flag} {name}.npy");
            dir.fails(&args, &[&format!("{name}.npy"), "row 150, level 2: code 99 is not below 8"]);
        }
    }
}

#[test]
fn bad_rows_are_listed_without_any_work() {
    let dir = with_bad_rows();
    let list = "fit --input bad.npy good.npy --bad-rows list --clusters 8 --output out.safetensors";
    let run = dir.semid(list);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.starts_with("4 of 596 rows are bad\nbad.npy: row 3, column 5 is NaN\n"), "{}", run.stdout);
    let json: Value =
        serde_json::from_str(&dir.semid(&format!("{list} --json --bad-rows-output b.jsonl")).stdout).unwrap();
    assert_eq!(json["bad_rows"].as_array().unwrap().len(), 4);
    let last = serde_json::json!({"row": 299, "file": "bad.npy", "file_row": 299, "column": 1, "kind": "nan"});
    assert_eq!((&json["rows"], &json["bad_rows"][3]), (&596.into(), &last));
    let lines: Vec<Value> = dir.text("b.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[3]), (4, &last));
    assert!(!dir.path("out.safetensors").exists());
    let none = dir.semid("encode --model m.safetensors --input good.npy --bad-rows list --output c.npy");
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), "0 of 296 rows are bad\n"), "{}", none.stderr);
    dir.fails(
        "encode --model m.safetensors --input x.npy --bad-rows-output b.csv --output c.npy",
        &["--bad-rows-output b.csv", "--bad-rows skip"],
    );
}

#[test]
fn conversions_can_be_pasted() {
    let dir = Dir::new();
    dir.write("x.pkl", b"pickle");
    let run = dir.semid("fit --input x.pkl --clusters 8 --output out.safetensors");
    assert_eq!(run.code, Some(2));
    let code: Vec<&str> = run.stderr.lines().skip(1).map(str::trim).collect();
    assert!(code[0].starts_with("import numpy, pickle; x = "), "{}", run.stderr);
    assert!(code[1].starts_with("numpy.save(\"x.npy\", "), "{}", run.stderr);
}

#[test]
fn standard_input_is_saved_and_read() {
    use std::io::Write;
    use std::process::Stdio;
    let dir = Dir::with_model();
    dir.semid("encode --model m.safetensors --input x.npy --output expected.npy").ok();
    let rows = values(300, 6);
    let lines: String = rows.chunks(6).map(|row| format!("{row:?}\n")).collect();
    for (name, bytes) in [("npy", dir.read("x.npy")), ("jsonl", lines.into_bytes())] {
        let mut command = dir.command("encode --model m.safetensors --input - --output found.npy -v");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{name}: {stderr}");
        assert!(stderr.contains(&format!("saved to a temporary file of {} bytes", bytes.len())), "{stderr}");
        assert_eq!(dir.read("found.npy"), dir.read("expected.npy"), "{name}");
    }
}

/// A file of codes with rows that have none goes on to every command that reads codes.
#[test]
fn rows_without_codes_are_read_back() {
    let dir = with_bad_rows();
    let model = "--model m.safetensors";
    let skip = format!("{model} --bad-rows skip --input bad.npy");
    assert_eq!(dir.semid(&format!("encode {skip} --output c.npy")).code, Some(0));
    dir.semid(&format!("encode {model} --input good.npy --output g.npy")).ok();

    let decoded = dir.semid(&format!("decode {model} --input c.npy --output d.npy --json")).json(0);
    assert_eq!((&decoded["rows"], &decoded["rows_without_codes"]), (&300.into(), &4.into()));
    assert!(dir.semid(&format!("decode {model} --input c.npy --output d.npy")).ok().contains("4 rows without codes"));
    dir.semid(&format!("decode {model} --input g.npy --output e.npy")).ok();
    // The decoded rows lack the same rows as the input.
    let again = dir.semid(&format!("encode {model} --bad-rows skip --input d.npy --output again.npy --json"));
    let json: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&json["rows"], &json["bad_rows"]), (&296.into(), &4.into()));
    let values: Vec<u8> = dir.read("d.npy")[128..].chunks(24).filter(|row| !is_nan(row)).flatten().copied().collect();
    assert_eq!(values, dir.read("e.npy")[128..]);

    let run = dir.semid("eval --ids c.npy --json");
    let judged: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&judged["rows"], &judged["rows_without_codes"]), (&296.into(), &4.into()), "{}", run.stderr);
    assert!(run.stderr.contains("c.npy: 4 of 300 rows have no codes"), "{}", run.stderr);
    let other = dir.semid("eval --ids g.npy --json").json(0);
    assert_eq!((&judged["distinct_ids"], &judged["levels"]), (&other["distinct_ids"], &other["levels"]));

    let run = dir.semid(&format!("eval {skip} --against c.npy --k 0 --json"));
    let judged: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(judged["stability"]["rows"], 296, "{}", run.stderr);
    let warned = judged["warnings"].as_array().unwrap();
    assert!(warned.iter().any(|text| text.as_str().unwrap().contains("left out")), "{judged}");
}

fn is_nan(row: &[u8]) -> bool {
    row.chunks(4).all(|value| f32::from_le_bytes(value.try_into().unwrap()).is_nan())
}

#[test]
fn the_list_of_bad_rows_is_no_other_file_of_the_command() {
    let dir = with_bad_rows();
    let skip = "--model m.safetensors --input bad.npy --bad-rows skip --bad-rows-output";
    dir.write("same.csv", "kept");
    dir.fails(&format!("encode {skip} same.csv --output same.csv"), &["same.csv", "also the output"]);
    dir.fails(&format!("encode {skip} ./new.csv --output new.csv"), &["new.csv", "also the output"]);
    dir.fails(&format!("assign {skip} same.csv --items items.txt --db d.db --output same.csv"), &["also the output"]);
    assert_eq!((dir.text("same.csv").as_str(), dir.path("new.csv").exists()), ("kept", false));
}

/// Before a scan that may take hours, so it is found although there is no input to scan.
#[test]
fn where_bad_rows_go_is_checked_before_the_input_is_read() {
    let dir = with_bad_rows();
    for what in ["skip", "list"] {
        let encode = |input: &str, output: &str| {
            let input = format!("--input {input} --bad-rows {what} --bad-rows-output {output}");
            format!("encode --model m.safetensors {input} --output c.npy")
        };
        dir.fails(&encode("none.npy", "bad.txt"), &["bad.txt", "bad rows go to .csv or .jsonl"]);
        dir.fails(&encode("none.npy", "nowhere/bad.csv"), &["nowhere/bad.csv"]);
        dir.write("x.csv", "kept");
        dir.fails(&encode("x.csv", "./x.csv"), &["x.csv", "also the input"]);
        assert_eq!(dir.text("x.csv"), "kept");
    }
}

#[test]
fn bad_rows_without_keys_are_listed_and_left_out() {
    let dir = Dir::with_items();
    let good = "{\"id\": \"a\", \"embedding\": [1, 2, 3, 4, 5, 6], \"w\": 2}\n";
    dir.write("x.jsonl", format!("{good}{}\n{{\"embedding\": null}}\n", &good[..30]));
    let encode = "encode --model m.safetensors --input x.jsonl --id-column id --output ids.csv";
    let run = dir.semid(&format!("{encode} --bad-rows skip --bad-rows-output bad.csv"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(dir.text("ids.csv").lines().nth(1).is_some_and(|line| line.starts_with("a,")), "{}", dir.text("ids.csv"));
    let expected = "row,item,file,file_row,column,kind\n1,,x.jsonl,1,,no number\n2,,x.jsonl,2,,null\n";
    assert_eq!(dir.text("bad.csv"), expected);
    let run = dir.semid(&format!("{encode} --bad-rows list"));
    assert_eq!((run.code, run.stdout.lines().count()), (Some(1), 3), "{}{}", run.stdout, run.stderr);
    // Nor do bad rows need a weight.
    let fit = "fit --input x.jsonl --bad-rows skip --weight-column w --levels 1 --clusters 1 --output w.safetensors";
    assert_eq!(dir.semid(fit).code, Some(0), "{}", dir.semid(fit).stderr);
}
