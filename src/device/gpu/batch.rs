//! Gathers dispatches into few submissions.

use super::context::Context;
use super::kernel::Kernel;
use super::memory::Reading;
use super::span::Span;
use crate::error::Result;
use std::collections::VecDeque;
use wgpu::BufferUsages;

/// How many steps a submission has at most.
const STEPS: usize = 256;
/// Bytes from the parameters of one step to those of the next, which is the alignment of uniform bindings.
const SLOT: usize = 256;
/// How many words of parameters a step has at most.
const WORDS: usize = 16;
/// How many submissions may be in progress at once.
const UNDER_WAY: usize = 8;

enum Command {
    Dispatch { kernel: Kernel, pipeline: wgpu::ComputePipeline, bindings: wgpu::BindGroup, groups: (u32, u32) },
    Copy { from: wgpu::Buffer, to: wgpu::Buffer, bytes: u64 },
    Clear(wgpu::Buffer),
}

impl Command {
    fn is_dispatch(&self) -> bool {
        matches!(self, Self::Dispatch { .. })
    }
}

/// Commands that wait for their submission, and the submissions in progress.
///
/// What the host writes to a buffer arrives before the commands that wait. So a buffer that a waiting command uses is
/// written only after [`CommandBatch::flush`], for which [`CommandBatch::write`] sees; a new buffer may be written at
/// any time.
pub(super) struct CommandBatch {
    /// The parameters, with a slot for each command.
    params: wgpu::Buffer,
    slots: Vec<[u32; SLOT / 4]>,
    commands: Vec<Command>,
    /// The buffers that the commands use.
    used: Vec<wgpu::Buffer>,
    work: u64,
    under_way: VecDeque<wgpu::SubmissionIndex>,
}

impl CommandBatch {
    pub(super) fn new(context: &Context) -> Result<Self> {
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let params = context.buffer("parameters", (STEPS * SLOT) as u64, usage)?;
        let (slots, commands, used, under_way) = (Vec::new(), Vec::new(), Vec::new(), VecDeque::new());
        Ok(Self { params, slots, commands, used, work: 0, under_way })
    }

    /// Adds a dispatch over `groups` workgroups with `work` operations; `buffers` are bindings 1, 2, ... in order.
    pub(super) fn dispatch(
        &mut self,
        context: &Context,
        kernel: Kernel,
        params: &[u32],
        buffers: &[&wgpu::Buffer],
        (groups, work): ((u32, u32), u64),
    ) -> Result<()> {
        let pipeline = context.pipeline(kernel)?;
        self.make_room(context, work)?;
        let slot = wgpu::BufferBinding {
            buffer: &self.params,
            offset: (self.commands.len() * SLOT) as u64,
            size: wgpu::BufferSize::new(4 * WORDS as u64),
        };
        let resources = std::iter::once(wgpu::BindingResource::Buffer(slot))
            .chain(buffers.iter().map(|buffer| buffer.as_entire_binding()));
        let entries: Vec<_> =
            resources.zip(0..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        let bindings = context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name()),
            layout: &pipeline.layout,
            entries: &entries,
        });
        self.add(Command::Dispatch { kernel, pipeline: pipeline.compute, bindings, groups }, params, buffers);
        if context.timer.as_ref().is_some_and(|timer| timer.is_on()) { self.flush(context) } else { Ok(()) }
    }

    /// Adds a copy of `bytes` (a multiple of 4) from the start of one buffer to the start of another.
    pub(super) fn copy(&mut self, context: &Context, from: &wgpu::Buffer, to: &wgpu::Buffer, bytes: u64) -> Result<()> {
        self.make_room(context, bytes)?;
        self.add(Command::Copy { from: from.clone(), to: to.clone(), bytes }, &[], &[from, to]);
        Ok(())
    }

    /// Fills a whole buffer with zeros.
    pub(super) fn clear(&mut self, context: &Context, buffer: &wgpu::Buffer) -> Result<()> {
        self.make_room(context, buffer.size())?;
        self.add(Command::Clear(buffer.clone()), &[], &[buffer]);
        Ok(())
    }

    fn make_room(&mut self, context: &Context, work: u64) -> Result<()> {
        if self.commands.len() >= STEPS || self.work.saturating_add(work) > context.dispatch_work() {
            self.flush(context)?;
        }
        self.work = self.work.saturating_add(work);
        Ok(())
    }

    /// Writes `bytes` (a multiple of 4) so that they arrive after the commands that wait; submits these only where they
    /// use the buffer.
    pub(super) fn write(&mut self, context: &Context, buffer: &wgpu::Buffer, bytes: &[u8]) -> Result<()> {
        if self.used.contains(buffer) {
            self.flush(context)?;
        }
        context.write(buffer, 0, bytes)
    }

    fn add(&mut self, command: Command, params: &[u32], buffers: &[&wgpu::Buffer]) {
        let mut slot = [0; SLOT / 4];
        slot.iter_mut().zip(params).for_each(|(to, word)| *to = *word);
        self.slots.push(slot);
        self.commands.push(command);
        self.used.extend(buffers.iter().map(|buffer| (*buffer).clone()));
    }

    /// Submits the commands added since the last submission.
    pub(super) fn flush(&mut self, context: &Context) -> Result<()> {
        if self.commands.is_empty() {
            return context.check();
        }
        let last = self.commands.last().and_then(|command| match command {
            Command::Dispatch { kernel, .. } => Some(*kernel),
            _ => None,
        });
        let index = context.scoped("queued work", 0, || {
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            self.record(context, &mut encoder);
            context.submit([encoder.finish()])
        })?;
        self.under_way.push_back(index);
        if self.under_way.len() > UNDER_WAY
            && let Some(oldest) = self.under_way.pop_front()
        {
            context.wait(oldest)?;
        }
        match (&context.timer, last) {
            (Some(timer), Some(kernel)) if timer.is_on() => {
                timer.collect(kernel.name(), |span| context.read(&[span], |_| {}))
            }
            _ => Ok(()),
        }
    }

    /// Reads spans of buffers back as they are after the commands that wait, in the same submission.
    pub(super) fn read(&mut self, context: &Context, spans: &[Span<'_>]) -> Result<Vec<u8>> {
        let bytes = context.read(spans, |encoder| self.record(context, encoder))?;
        self.under_way.clear();
        Ok(bytes)
    }

    /// Does the same without waiting.
    pub(super) fn start_reading(&mut self, context: &Context, spans: &[Span<'_>]) -> Result<Reading> {
        context.start_reading(spans, |encoder| self.record(context, encoder))
    }

    /// Records the commands that wait.
    fn record(&mut self, context: &Context, encoder: &mut wgpu::CommandEncoder) {
        let (commands, slots) = (std::mem::take(&mut self.commands), std::mem::take(&mut self.slots));
        self.work = 0;
        self.used.clear();
        if !slots.is_empty() {
            context.put(&self.params, 0, bytemuck::cast_slice(slots.as_flattened()));
        }
        commands.chunk_by(|a, b| a.is_dispatch() && b.is_dispatch()).for_each(|run| record(context, encoder, run));
    }
}

/// Records one copy or clearing, or any number of dispatches.
fn record(context: &Context, encoder: &mut wgpu::CommandEncoder, run: &[Command]) {
    match run {
        [Command::Copy { from, to, bytes }] => return encoder.copy_buffer_to_buffer(from, 0, to, 0, *bytes),
        [Command::Clear(buffer)] => return encoder.clear_buffer(buffer, 0, None),
        _ => {}
    }
    let timer = context.timer.as_ref().filter(|timer| timer.is_on());
    {
        let timestamp_writes = timer.map(|timer| timer.writes());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
        for command in run {
            if let Command::Dispatch { pipeline, bindings, groups, .. } = command {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, bindings, &[]);
                pass.dispatch_workgroups(groups.0, groups.1, 1);
            }
        }
    }
    if let Some(timer) = timer {
        timer.resolve(encoder);
    }
}
