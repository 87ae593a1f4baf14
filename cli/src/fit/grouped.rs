//! Sets fields from flags that stand for a part of a field, or for one field or another.

use super::flags::Flags;
use crate::args::{self, FitArgs, FitOptions, VaeArgs};
use crate::output::Failure;
use serde_json::{Map, Value, json};

const MINI_BATCH: &str = "mini-batch";
const HIERARCHICAL: &str = "hierarchical";

impl Flags<'_> {
    /// Returns the value of a field: that of the file, or else the default.
    fn value(&self, field: &str) -> Result<Value, Failure> {
        let known = || self.known.get(field).cloned().unwrap_or_default();
        Ok(self.config.get::<Value>(field)?.unwrap_or_else(known))
    }

    /// Returns the fields of an object; none where there is no object.
    fn object(&self, field: &str) -> Result<Map<String, Value>, Failure> {
        match self.value(field)? {
            Value::Object(parts) => Ok(parts),
            Value::Null => Ok(Map::new()),
            _ => Err(self.config.failure(&format!("{field}: give an object"))),
        }
    }

    /// Returns the fields of one form of a parameter, `{ NAME: fields }`; none where the parameter has another form.
    fn of_form(&self, field: &str, name: &str) -> Result<Map<String, Value>, Failure> {
        let value = self.value(field)?;
        match value.as_object() {
            Some(forms) if forms.contains_key(name) => match forms.get(name).and_then(Value::as_object) {
                Some(parts) if forms.len() == 1 => Ok(parts.clone()),
                _ => Err(self
                    .config
                    .failure(&format!("{field}: give an object with the one key `{name}`, and that an object"))),
            },
            _ => Ok(Map::new()),
        }
    }

    /// Sets the iterations of the k-means itself, or of that which codebooks start from.
    pub(super) fn max_iter(&mut self, options: &FitOptions) -> Result<(), Failure> {
        let Some(iterations) = options.max_iter else { return Ok(()) };
        if self.known.contains_key("max_iter") {
            self.config.set("max_iter", Some(iterations))
        } else if self.value("kmeans_init")? == Value::Bool(true) {
            self.config.set("kmeans_iters", Some(iterations))
        } else {
            self.refuse_kind("max-iter", "max_iter");
            Ok(())
        }
    }

    /// Sets the algorithm with its parameters, and the rows per batch of a training.
    pub(super) fn algorithm(&mut self, options: &FitOptions) -> Result<(), Failure> {
        let has_batch = self.known.contains_key("batch");
        if has_batch {
            self.config.set("batch", options.batch)?;
        }
        let batch = options.batch.filter(|_| !has_batch);
        let of_batches =
            [("batch", batch.is_some()), ("init-buffer", options.init_buffer.is_some()), ("joint", options.joint)];
        let of_batches = of_batches.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag);
        let of_hierarchy = options.full_iter.map(|_| "full-iter");
        if !self.known.contains_key("algorithm") {
            let given = of_batches.chain(of_hierarchy).chain(options.algorithm.map(|_| "algorithm"));
            given.for_each(|flag| self.refuse_kind(flag, "algorithm"));
            return Ok(());
        }
        let before = self.value("algorithm")?;
        let is = |name: &str| before == name || before.get(name).is_some();
        let of_file = match (is(MINI_BATCH), is(HIERARCHICAL)) {
            (true, _) => args::Algorithm::MiniBatch,
            (_, true) => args::Algorithm::Hierarchical,
            _ => args::Algorithm::Lloyd,
        };
        let algorithm = options.algorithm.unwrap_or(of_file);
        if algorithm != args::Algorithm::MiniBatch {
            of_batches.for_each(|flag| self.refuse(flag, "is for --algorithm mini-batch; add that"));
        }
        if algorithm != args::Algorithm::Hierarchical {
            of_hierarchy.into_iter().for_each(|flag| self.refuse(flag, "is for --algorithm hierarchical; add that"));
        }
        match algorithm {
            args::Algorithm::Lloyd => self.config.set("algorithm", options.algorithm.map(|_| "lloyd")),
            args::Algorithm::MiniBatch => {
                if options.n_init.is_some() {
                    self.refuse("n-init", "is for --algorithm lloyd or hierarchical; leave it out");
                }
                let mut parts = self.of_form("algorithm", MINI_BATCH)?;
                parts.extend(batch.map(|rows| ("batch".to_owned(), json!(rows))));
                parts.extend(options.init_buffer.map(|rows| ("init_buffer".to_owned(), json!(rows))));
                parts.extend(options.joint.then(|| ("layer_wise".to_owned(), json!(false))));
                self.config.set("algorithm", Some(json!({ MINI_BATCH: parts })))
            }
            args::Algorithm::Hierarchical => {
                let mut parts = self.of_form("algorithm", HIERARCHICAL)?;
                parts.extend(options.full_iter.map(|iterations| ("full_iter".to_owned(), json!(iterations))));
                self.config.set("algorithm", Some(json!({ HIERARCHICAL: parts })))
            }
        }
    }

    /// Sets the fields of the schedule that were given.
    pub(super) fn schedule(&mut self, vae: &VaeArgs) -> Result<(), Failure> {
        let steps = [("step-epochs", vae.step_epochs.is_some()), ("gamma", vae.gamma.is_some())];
        let steps = steps.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag);
        if !self.known.contains_key("schedule") {
            let given = vae.schedule.map(|_| "schedule").into_iter().chain(steps);
            given.for_each(|flag| self.refuse_kind(flag, "schedule"));
            return Ok(());
        }
        let before = self.value("schedule")?;
        let is_step = before.get("step").is_some();
        if vae.schedule.map_or(is_step, |asked| asked == args::Schedule::Step) {
            let mut parts = self.of_form("schedule", "step")?;
            let (epochs, gamma) = (vae.step_epochs.map(Value::from), vae.gamma.map(Value::from));
            for (name, given, default) in [("epochs", epochs, json!(50)), ("gamma", gamma, json!(0.5))] {
                let value = given.or_else(|| parts.get(name).cloned()).unwrap_or(default);
                parts.insert(name.to_owned(), value);
            }
            return self.config.set("schedule", Some(json!({ "step": parts })));
        }
        steps.for_each(|flag| self.refuse(flag, "is for --schedule step; add that"));
        self.config.set("schedule", super::flags::word(vae.schedule))
    }

    /// Sets the sizes of clusters that were given.
    pub(super) fn sizes(&mut self, args: &FitArgs) -> Result<(), Failure> {
        let given = [("min", "min-size", args.min_size), ("max", "max-size", args.max_size)];
        if args.balanced && !self.known.contains_key("sizes") {
            self.refuse_kind("balanced", "sizes");
            return Ok(());
        }
        let mut sizes = self.object("sizes")?;
        if !args.balanced && self.value("sizes")?.is_null() {
            let given = given.into_iter().filter(|(_, _, size)| size.is_some());
            given.for_each(|(_, flag, _)| self.refuse(flag, "is for --balanced; add that"));
            return Ok(());
        }
        sizes.extend(given.into_iter().filter_map(|(name, _, size)| Some((name.to_owned(), json!(size?)))));
        self.config.set("sizes", Some(sizes))
    }

    /// Sets Sinkhorn as it was given: one epsilon, or one per level for kinds that have a list of them.
    pub(super) fn sinkhorn(&mut self, args: &FitArgs) -> Result<(), Failure> {
        let (given, rounds) = (&args.sinkhorn_epsilon, args.sinkhorn_iterations);
        let mut parts = self.object("sinkhorn")?;
        let has_list = self.known.get("sinkhorn").is_some_and(|default| default.get("epsilons").is_some());
        let is_on = match has_list {
            true => parts.get("epsilons").and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
            false => parts.contains_key("epsilon"),
        };
        match given.as_slice() {
            [] if rounds.is_none() => return Ok(()),
            [] if !is_on => {
                self.refuse("sinkhorn-iterations", "is for --sinkhorn-epsilon; add that");
                return Ok(());
            }
            _ if !self.known.contains_key("sinkhorn") => {
                self.refuse_kind("sinkhorn-epsilon", "sinkhorn");
                return Ok(());
            }
            [] => {}
            list if has_list => drop(parts.insert("epsilons".to_owned(), json!(list))),
            [epsilon] => drop(parts.insert("epsilon".to_owned(), json!(epsilon))),
            _ => {
                self.refuse("sinkhorn-epsilon", "several values are for the networks of --kind rq-vae; give one");
                return Ok(());
            }
        }
        parts.extend(rounds.map(|rounds| ("iterations".to_owned(), json!(rounds))));
        self.config.set("sinkhorn", Some(parts))
    }
}
