"""A Spark session with Delta on this machine that does what its standard input says, a line of JSON each:
`spark.py JARS FOLDER`. It answers each with a line."""

import json
import sys
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession

KEY = ["point", "quantity", "period_start", "period_end"]


def lacking(jars):
    """Those that Spark does not bring along itself, in whatever version."""
    name = lambda jar: jar.stem.rpartition("-")[0]
    own = {name(jar) for jar in Path(pyspark.__path__[0], "jars").glob("*.jar")}
    return [str(jar) for jar in sorted(Path(jars).glob("*.jar")) if name(jar) not in own]


def session(jars, folder):
    settings = {
        "spark.jars": ",".join(lacking(jars)),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "4g",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.shuffle.partitions": "2",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main():
    jars, folder = sys.argv[1], Path(sys.argv[2])
    spark = session(jars, folder)
    spark.sparkContext.setLogLevel("ERROR")
    table = f"delta.`{folder}/readings`"
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        action, *words = json.loads(line)
        if action == "contents":
            keys = f"(select count(*) from (select distinct {', '.join(KEY)} from {table}))"
            row = spark.sql(f"select count(*), cast(sum(value) as string), {keys} from {table}").collect()[0]
            print(json.dumps(list(row)), flush=True)
            continue
        rows = spark.read.parquet(words[0])
        if action == "append":
            rows.write.format("delta").mode("append").save(f"{folder}/readings")
        else:
            rows.limit(0).write.format("delta").save(f"{folder}/readings")
            rows.createOrReplaceTempView("arrived")
            same = " and ".join(f"old.{name} = new.{name}" for name in KEY)
            spark.sql(f"merge into {table} old using arrived new on {same} when matched then update set * when not matched then insert *")
        print(json.dumps("done"), flush=True)


if __name__ == "__main__":
    main()
