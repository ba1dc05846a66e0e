//! How fast deliveries of each format are decoded, on one core: bytes and readings a second.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metrify_bench::{decode, deliveries};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for delivery in deliveries::named(None).expect("the samples of the repository") {
        let outcome = decode(delivery.format, &delivery.bytes);
        let elements = outcome.readings + outcome.records;
        assert!(elements > 0, "{}: {outcome:?}", delivery.name);
        group.throughput(Throughput::ElementsAndBytes { elements, bytes: delivery.bytes.len() as u64 });
        group.bench_with_input(BenchmarkId::from_parameter(delivery.name), &delivery, |bencher, delivery| {
            bencher.iter(|| decode(delivery.format, &delivery.bytes));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
