//! Where decoders put what they understood and what they did not.

use std::ops::ControlFlow;

use metrify_domain::decimal::SCALE;
use metrify_domain::{
    Batch, BatchBuilder, Channel, Decimal, Document, Finding, Point, PointKind, Reading, Severity, Unit,
};

use crate::dates::shown;
use crate::limits;
use crate::record::Record;

/// Something that was not understood: why, where, how many readings it holds, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the delivery: `line 12`, `byte 1034`, `message 2, segment 40`, with the member of an archive in front.
    pub position: String,
    pub reason: String,
    /// How many readings are lost by it, as far as can be told; at least one.
    pub readings: u64,
    /// What must come before the bytes so that they can be read again: a header line, an interchange head. Often empty.
    pub prelude: Vec<u8>,
    /// What was not understood, at most [`limits::REJECT_BYTES_MAX`] of it.
    pub bytes: Vec<u8>,
}

/// A message takes back another one as a whole (Storno).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The reference of the document that is taken back, as in [`Document::reference`].
    pub document: String,
    /// The message that takes it back, with the time from which that is known.
    pub by: Document,
    pub position: String,
}

/// What a delivery tells about a device or a point beside its readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    pub point: Point,
    /// What the decoder knows the point to be; `None` leaves it to the identifier's shape.
    pub kind: Option<PointKind>,
    /// A name for people, such as that of a weather station.
    pub name: Option<String>,
    /// The device's address as it came, such as the ten bytes of an SML server id.
    pub server_id: Option<Vec<u8>>,
    /// Three letters of the FLAG association.
    pub maker: Option<String>,
    /// The step in which its energy registers count, where it can be told; 1 kWh tells a meter without PIN.
    pub resolution: Option<(Decimal, Unit)>,
}

impl Meter {
    /// Whether nothing is told of the point but that there is one, as the heads of tables do.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let Self { point: _, kind: _, name, server_id, maker, resolution } = self;
        name.is_none() && server_id.is_none() && maker.is_none() && resolution.is_none()
    }
}

/// A piece of what a decoder made of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub batch: Batch,
    pub problems: Vec<Problem>,
    pub findings: Vec<Finding>,
    pub withdrawals: Vec<Withdrawal>,
    pub meters: Vec<Meter>,
    pub records: Vec<Record>,
}

/// Takes one piece after another; `Break` says that no more can be taken (a full disk, a cancelled request).
pub type Sink<'s> = dyn FnMut(Decoded) -> ControlFlow<()> + 's;

/// Collects what a decoder says and hands it on in bounded pieces.
pub struct Output<'s> {
    sink: &'s mut Sink<'s>,
    readings: BatchBuilder,
    rest: Decoded,
    /// Of the problems in `rest`, with their preludes.
    problem_bytes: usize,
    problems: u64,
    /// What is lost together, until something else is.
    lost: Option<Lost>,
    /// What stands between parts that are read again as one.
    between: &'static [u8],
    member: String,
    told_of_float: bool,
    stopped: bool,
}

impl<'s> Output<'s> {
    pub fn new(sink: &'s mut Sink<'s>) -> Self {
        Self {
            sink,
            readings: BatchBuilder::default(),
            rest: Decoded::default(),
            problem_bytes: 0,
            problems: 0,
            lost: None,
            between: b"\n",
            member: String::new(),
            told_of_float: false,
            stopped: false,
        }
    }

    /// Positions from here on stand in this member of an archive; empty for none.
    pub fn enter(&mut self, member: &str) {
        self.keep_lost();
        member.clone_into(&mut self.member);
    }

    /// Where very much is not understood, this stands between parts that are kept together.
    pub(crate) const fn set_between(&mut self, between: &'static [u8]) {
        self.between = between;
    }

    pub fn reading(&mut self, channel: &Channel, document: &Document, reading: &Reading) {
        if self.stopped {
            return;
        }
        self.readings.push(channel, document, reading);
        if self.readings.is_full() {
            self.hand_on();
        }
    }

    /// Readings that are a batch already.
    pub fn batch(&mut self, batch: Batch) {
        self.hand_on();
        if !self.stopped && !batch.rows().is_empty() {
            self.stopped = (self.sink)(Decoded { batch, ..Decoded::default() }).is_break();
        }
    }

    pub fn problem(&mut self, mut problem: Problem) {
        if problem.bytes.len() > limits::REJECT_BYTES_MAX {
            problem.bytes.truncate(limits::REJECT_BYTES_MAX);
            problem.bytes.shrink_to_fit();
        }
        problem.position = self.position(problem.position);
        self.problems += 1;
        if self.problems <= limits::PROBLEMS_APART_MAX {
            return self.keep(problem);
        }
        let between = self.between;
        match &mut self.lost {
            Some(lost) if lost.takes(&problem, between) => lost.add(problem, between),
            _ => {
                self.keep_lost();
                self.lost = Some(Lost { first: problem, last: String::new(), parts: 1 });
            }
        }
    }

    /// How many problems there were until now.
    #[must_use]
    pub const fn problems(&self) -> u64 {
        self.problems
    }

    fn keep(&mut self, problem: Problem) {
        self.problem_bytes += problem.prelude.len() + problem.bytes.len();
        self.rest.problems.push(problem);
        self.hand_on_if_many();
    }

    fn keep_lost(&mut self) {
        if let Some(lost) = self.lost.take() {
            self.keep(lost.into_one());
        }
    }

    pub fn finding(&mut self, mut finding: Finding) {
        finding.position = self.position(finding.position);
        self.rest.findings.push(finding);
        self.hand_on_if_many();
    }

    /// A finding about a place of the delivery.
    pub(crate) fn remark(&mut self, severity: Severity, rule: &'static str, position: String, reason: String) {
        self.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
    }

    /// A number that is a binary float written out: the first of the delivery stands for all.
    #[cold]
    pub(crate) fn binary_float(&mut self, text: &str) {
        if std::mem::replace(&mut self.told_of_float, true) {
            return;
        }
        let reason = format!(
            "`{}` is a binary floating-point number written out: each is taken for the shortest decimal that names it, rounded to \
             {SCALE} places",
            shown(text)
        );
        self.remark(Severity::Note, "binary_float", String::new(), reason);
    }

    pub fn withdrawal(&mut self, mut withdrawal: Withdrawal) {
        withdrawal.position = self.position(withdrawal.position);
        self.rest.withdrawals.push(withdrawal);
        self.hand_on_if_many();
    }

    pub fn meter(&mut self, meter: Meter) {
        self.rest.meters.push(meter);
        self.hand_on_if_many();
    }

    /// A row of a table that holds what is no reading.
    pub fn record(&mut self, record: Record) {
        self.rest.records.push(record);
        self.hand_on_if_many();
    }

    /// Whether the sink takes no more: a decoder may stop reading.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Hands on what is left. Call it at the end.
    pub fn flush(&mut self) {
        self.keep_lost();
        self.hand_on();
    }

    fn hand_on(&mut self) {
        let mut piece = std::mem::take(&mut self.rest);
        self.problem_bytes = 0;
        piece.batch = self.readings.take();
        if !self.stopped && piece != Decoded::default() {
            self.stopped = (self.sink)(piece).is_break();
        }
    }

    fn hand_on_if_many(&mut self) {
        let rest = &self.rest;
        let many = |length: usize| length >= limits::PROBLEMS_MAX;
        if self.problem_bytes >= limits::PROBLEM_BYTES_MAX
            || many(rest.problems.len())
            || many(rest.findings.len())
            || many(rest.withdrawals.len())
            || many(rest.meters.len())
            || many(rest.records.len())
        {
            self.hand_on();
        }
    }

    fn position(&self, position: String) -> String {
        match (self.member.as_str(), position.as_str()) {
            ("", _) => position,
            (member, "") => member.to_owned(),
            (member, position) => format!("{member} {position}"),
        }
    }
}

/// Problems of a delivery that has very many, kept as one.
struct Lost {
    first: Problem,
    /// Where the last one is; empty where it is the first.
    last: String,
    parts: u64,
}

impl Lost {
    /// Whether a problem behind it can be read again together with it.
    fn takes(&self, problem: &Problem, between: &[u8]) -> bool {
        let bytes = self.first.bytes.len() + between.len() + problem.bytes.len();
        bytes < limits::REJECT_BYTES_MAX && self.first.prelude == problem.prelude
    }

    fn add(&mut self, problem: Problem, between: &[u8]) {
        self.first.bytes.extend_from_slice(between);
        self.first.bytes.extend_from_slice(&problem.bytes);
        self.first.readings += problem.readings;
        self.last = problem.position;
        self.parts += 1;
    }

    fn into_one(self) -> Problem {
        let Self { mut first, last, parts } = self;
        if parts > 1 {
            let apart = limits::PROBLEMS_APART_MAX;
            first.position = format!("{} to {last}", first.position);
            first.reason = format!(
                "{}; it is the first of {parts} parts that are not read, kept as one since there are more than {apart}",
                first.reason
            );
        }
        first
    }
}
