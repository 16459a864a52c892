// Decodes and encodes line protocol by InfluxData's own library, for comparison.
//
// Usage: FILE…, each a text of line protocol. For each round it prints one line with the nanoseconds that each file took
// to decode and to encode again, all strings copied out as a program has to that keeps them.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

type tag struct{ key, value string }

type field struct {
	key   string
	value lineprotocol.Value
	text  string
}

type point struct {
	measurement string
	tags        []tag
	fields      []field
	time        time.Time
}

func decode(text []byte) []point {
	var points []point
	decoder := lineprotocol.NewDecoderWithBytes(text)
	for decoder.Next() {
		var p point
		measurement, err := decoder.Measurement()
		check(err)
		p.measurement = string(measurement)
		for {
			key, value, err := decoder.NextTag()
			check(err)
			if key == nil {
				break
			}
			p.tags = append(p.tags, tag{string(key), string(value)})
		}
		for {
			key, value, err := decoder.NextField()
			check(err)
			if key == nil {
				break
			}
			f := field{key: string(key), value: value}
			if value.Kind() == lineprotocol.String {
				f.text = string(value.StringV())
			}
			p.fields = append(p.fields, f)
		}
		p.time, err = decoder.Time(lineprotocol.Nanosecond, time.Time{})
		check(err)
		points = append(points, p)
	}
	return points
}

func encode(encoder *lineprotocol.Encoder, points []point) {
	encoder.Reset()
	for i := range points {
		p := &points[i]
		encoder.StartLine(p.measurement)
		for _, t := range p.tags {
			encoder.AddTag(t.key, t.value)
		}
		for _, f := range p.fields {
			value := f.value
			if value.Kind() == lineprotocol.String {
				value, _ = lineprotocol.StringValue(f.text)
			}
			encoder.AddField(f.key, value)
		}
		encoder.EndLine(p.time)
		check(encoder.Err())
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const runs = 8

// One round for each line of the input, so that whoever writes it decides whose turn it is.
func main() {
	var texts [][]byte
	var points [][]point
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		check(err)
		texts = append(texts, text)
		points = append(points, decode(text))
	}
	var encoder lineprotocol.Encoder
	encoder.SetLax(true)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var figures []string
		for i := range texts {
			start := time.Now()
			for run := 0; run < runs; run++ {
				decode(texts[i])
			}
			decoded := time.Since(start)
			start = time.Now()
			for run := 0; run < runs; run++ {
				encode(&encoder, points[i])
			}
			figures = append(figures, fmt.Sprintf("%d,%d", decoded.Nanoseconds()/runs, time.Since(start).Nanoseconds()/runs))
		}
		fmt.Println(strings.Join(figures, " "))
	}
}
