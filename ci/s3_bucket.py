"""A bucket of the S3 server on loopback: s3_bucket.py ENDPOINT make | put FOLDER PREFIX | get PREFIX FOLDER | list PREFIX
| cat KEY | age KEY. All in the bucket "lora"; `age` prints how many seconds ago an object was written."""
import datetime
import pathlib
import sys

import boto3

BUCKET = "lora"
endpoint, command, *arguments = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
)


def keys(prefix):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        yield from (entry["Key"] for entry in page.get("Contents", []))


if command == "make":
    s3.create_bucket(Bucket=BUCKET)
elif command == "put":
    folder, prefix = pathlib.Path(arguments[0]), arguments[1]
    for file in sorted(folder.rglob("*") if folder.is_dir() else [folder]):
        if file.is_file():
            name = file.relative_to(folder) if folder.is_dir() else file.name
            s3.upload_file(str(file), BUCKET, f"{prefix}/{name}")
elif command == "get":
    prefix, folder = arguments[0].rstrip("/") + "/", pathlib.Path(arguments[1])
    for key in keys(prefix):
        target = folder / key[len(prefix):]
        if not key.endswith("/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(BUCKET, key, str(target))
elif command == "list":
    print("\n".join(keys(arguments[0])))
elif command == "cat":
    sys.stdout.write(s3.get_object(Bucket=BUCKET, Key=arguments[0])["Body"].read().decode())
elif command == "age":
    written = s3.head_object(Bucket=BUCKET, Key=arguments[0])["LastModified"]
    print(int((datetime.datetime.now(datetime.timezone.utc) - written).total_seconds()))
else:
    sys.exit(f"no such command: {command}")
