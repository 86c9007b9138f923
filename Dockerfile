FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPTOUT_DATA=/data STATIC_MANIFEST=1
WORKDIR /app
RUN useradd --uid 10001 --no-create-home optout && install -d -o optout -m 700 /data

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN OPTOUT_DATA=/tmp/build python manage.py collectstatic --no-input && rm -r /tmp/build

USER optout
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "optout_project.wsgi"]
