(** Likelihood controls the follower's value (C5; proofs/hellinger.md).

    For two positive distributions [p] and [p'] on [l]: their log-ratio, its mean square, and
    the squared Hellinger distance [1 - sum sqrt(p p')]. *)
From Coq Require Import Reals List Lra Psatz.
From ExactQSE Require Import Sums Gibbs Divergence.
Import ListNotations.
Open Scope R_scope.

Definition hellinger {B} (l : list B) (p p' : B -> R) : R := 1 - rsum (fun b => sqrt (p b * p' b)) l.

Definition log_ratio {B} (p p' : B -> R) (b : B) : R := ln (p' b) - ln (p b).

(** [t (1 - e^(-L/2)) <= L |1 - e^(t/2)|] in absolute values, for [t >= -L]. *)
Lemma slope_of_exp L t : 0 < L -> - L <= t ->
  t * t * ((1 - exp (- L / 2)) * (1 - exp (- L / 2))) <= L * L * ((1 - exp (t / 2)) * (1 - exp (t / 2))).
Proof.
  intros HL Ht. set (e := exp (- L / 2)).
  assert (He : 0 < e < 1).
  { split; [apply exp_pos|]. unfold e. rewrite <- exp_0. apply exp_increasing. lra. }
  destruct (Rle_dec t 0) as [Hs|Hs].
  - (* below the chord: 0 <= -t (1 - e) <= L (1 - e^(t/2)) *)
    pose proof (exp_chord (- L / 2) 0 (t / 2) ltac:(lra) ltac:(lra)) as C. rewrite exp_0 in C. fold e in C.
    assert (H : - t * (1 - e) <= L * (1 - exp (t / 2))) by lra.
    assert (H0 : 0 <= - t * (1 - e)) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat _ _ _ _ H0 H0 H H) as M. lra.
  - (* above the tangents: 0 <= t (1 - e) <= L (e^(t/2) - 1) *)
    pose proof (exp_ineq1_le (t / 2)) as E. pose proof (exp_ineq1_le (- L / 2)) as E'. fold e in E'.
    assert (H1 : t * (1 - e) <= t * (L / 2)) by (apply Rmult_le_compat_l; lra).
    assert (H2 : L * (t / 2) <= L * (exp (t / 2) - 1)) by (apply Rmult_le_compat_l; lra).
    assert (H : t * (1 - e) <= L * (exp (t / 2) - 1)) by lra.
    assert (H0 : 0 <= t * (1 - e)) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat _ _ _ _ H0 H0 H H) as M. lra.
Qed.

(** [L / (1 - e^(-L/2)) <= 2 + L]. *)
Lemma slope_below L : 0 < L -> 0 < 1 - exp (- L / 2) /\ L / (1 - exp (- L / 2)) <= 2 + L.
Proof.
  intros HL. set (e := exp (- L / 2)).
  assert (He : 0 < e < 1).
  { split; [apply exp_pos|]. unfold e. rewrite <- exp_0. apply exp_increasing. lra. }
  split; [lra|]. apply Rmult_le_reg_r with (1 - e); [lra|].
  replace (L / (1 - e) * (1 - e)) with L by (field; lra).
  pose proof (exp_tangent (- L / 2) 0) as T. rewrite exp_0 in T. fold e in T. lra.
Qed.

Section Distributions.
Context {B : Type} (l : list B) (p p' : B -> R).
Hypotheses (Hp : simplex p l) (Hp' : simplex p' l).
Hypotheses (Hpos : forall b, In b l -> 0 < p b) (Hpos' : forall b, In b l -> 0 < p' b).
Let t b := log_ratio p p' b.

Lemma ratio_of_log b : In b l -> p' b = p b * exp (t b).
Proof.
  intros Hb. unfold t, log_ratio. unfold Rminus. rewrite exp_plus, exp_Ropp, !exp_ln by auto.
  pose proof (Hpos b Hb). field. lra.
Qed.

(** The squared Hellinger distance as a mean. *)
Lemma hellinger_mean : 2 * hellinger l p p' = mean p (fun b => (1 - exp (t b / 2)) * (1 - exp (t b / 2))) l.
Proof.
  unfold hellinger. rewrite (rsum_ext (fun b => sqrt (p b * p' b)) (fun b => p b * exp (t b / 2))).
  2:{ intros b Hb. pose proof (Hpos b Hb). pose proof (exp_pos (t b / 2)).
      rewrite (ratio_of_log b Hb). apply sqrt_lem_1.
      - apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [lra|apply Rlt_le, exp_pos].
      - apply Rmult_le_pos; lra.
      - replace (t b) with (t b / 2 + t b / 2) at 3 by field. rewrite exp_plus. ring. }
  destruct Hp as [_ S], Hp' as [_ S']. unfold mean.
  rewrite (rsum_ext (fun b => p b * ((1 - exp (t b / 2)) * (1 - exp (t b / 2))))
    (fun b => (p b + p' b) - 2 * (p b * exp (t b / 2)))).
  - rewrite rsum_minus, rsum_plus, rsum_scale, S, S'. ring.
  - intros b Hb. rewrite (ratio_of_log b Hb). replace (exp (t b)) with (exp (t b / 2) * exp (t b / 2))
      by (rewrite <- exp_plus; f_equal; field). ring.
Qed.

Theorem hellinger_range : 0 <= hellinger l p p' <= 1.
Proof.
  split.
  - apply Rmult_le_reg_l with 2; [lra|]. rewrite hellinger_mean, Rmult_0_r. apply rsum_nonneg. intros b Hb.
    pose proof (Hpos b Hb). apply Rmult_le_pos; [lra|]. apply Rle_0_sqr.
  - unfold hellinger. assert (0 <= rsum (fun b => sqrt (p b * p' b)) l); [|lra].
    apply rsum_nonneg. intros; apply sqrt_pos.
Qed.

(** C5a, C5b. *)
Theorem squares L : 0 < L -> (forall b, In b l -> - L <= t b) ->
  mean p (fun b => t b * t b) l <= 2 * (L / (1 - exp (- L / 2)) * (L / (1 - exp (- L / 2)))) * hellinger l p p'.
Proof.
  intros HL Ht. destruct (slope_below L HL) as [Hd _]. set (d := 1 - exp (- L / 2)) in *.
  replace (2 * (L / d * (L / d)) * hellinger l p p') with (L / d * (L / d) * (2 * hellinger l p p')) by ring.
  rewrite hellinger_mean, <- mean_scale. apply mean_le; [apply Hp|]. intros b Hb.
  pose proof (slope_of_exp L (t b) HL (Ht b Hb)) as S. fold d in S.
  apply Rmult_le_reg_r with (d * d); [now apply Rmult_lt_0_compat|].
  replace (L / d * (L / d) * ((1 - exp (t b / 2)) * (1 - exp (t b / 2))) * (d * d))
    with (L * L * ((1 - exp (t b / 2)) * (1 - exp (t b / 2)))) by (field; lra). exact S.
Qed.

Theorem squares_simply L : 0 < L -> (forall b, In b l -> - L <= t b) ->
  mean p (fun b => t b * t b) l <= 2 * ((2 + L) * (2 + L)) * hellinger l p p'.
Proof.
  intros HL Ht. eapply Rle_trans; [now apply (squares L)|]. destruct (slope_below L HL) as [Hd Hs].
  apply Rmult_le_compat_r; [apply hellinger_range|]. apply Rmult_le_compat_l; [lra|].
  assert (0 <= L / (1 - exp (- L / 2))) by (apply Rlt_le, Rdiv_lt_0_compat; assumption).
  apply Rmult_le_compat; assumption.
Qed.
End Distributions.

(** A variance is at most a mean square around anything. *)
Lemma variance_least {B} (l : list B) (p D : B -> R) c : simplex p l ->
  mean p (fun b => (D b - mean p D l) * (D b - mean p D l)) l <= mean p (fun b => (D b - c) * (D b - c)) l.
Proof.
  intros Hp. set (m := mean p D l).
  rewrite (mean_ext p (fun b => (D b - c) * (D b - c))
    (fun b => (D b - m) * (D b - m) + ((m - c) * (m - c) + 2 * (m - c) * (D b - m)))) by (intros; ring).
  rewrite !mean_plus, (mean_scale p (2 * (m - c)) (fun b => D b - m)), (mean_minus p D (fun _ => m)), !mean_const by apply Hp.
  fold m.
  pose proof (Rle_0_sqr (m - c)) as Q. unfold Rsqr in Q. lra.
Qed.

Section Responses.
Context {B : Type} (l : list B).
Hypothesis Hl : l <> [].
Variable eta : R.
Hypothesis Heta : 0 < eta.
Variables q q' : B -> R.
Variable bound : R.
Hypothesis Hbound : 0 < bound.
Hypothesis Hq : forall b, In b l -> Rabs (q b - soft_value l eta q) <= bound.
Hypothesis Hq' : forall b, In b l -> Rabs (q' b - soft_value l eta q') <= bound.
Let p := quantal l eta q.
Let p' := quantal l eta q'.
Let D b := q' b - q b.
Let variance := mean p (fun b => (D b - mean p D l) * (D b - mean p D l)) l.

Lemma log_response b : log_ratio p p' b = eta * (D b - (soft_value l eta q' - soft_value l eta q)).
Proof.
  unfold log_ratio, p, p', D, soft_value. rewrite !ln_quantal by assumption. field. lra.
Qed.

Lemma log_response_below b : In b l -> - (eta * bound) <= log_ratio p p' b.
Proof.
  intros Hb. pose proof (Hq' b Hb) as Hb'. rewrite log_response.
  pose proof (soft_value_above l eta Heta q b Hb) as A.
  replace (- (eta * bound)) with (eta * - bound) by ring. apply Rmult_le_compat_l; [lra|].
  unfold D. unfold Rabs in Hb'; destruct Rcase_abs in Hb'; lra.
Qed.

Lemma variance_by_squares : eta * eta * variance <= mean p (fun b => log_ratio p p' b * log_ratio p p' b) l.
Proof.
  pose proof (quantal_simplex l Hl eta q) as Hp. fold p in Hp.
  pose proof (variance_least l p D (soft_value l eta q' - soft_value l eta q) Hp) as V. fold variance in V.
  rewrite (mean_ext p _ (fun b => eta * eta * ((D b - (soft_value l eta q' - soft_value l eta q))
    * (D b - (soft_value l eta q' - soft_value l eta q))))) by (intros; rewrite log_response; ring).
  rewrite mean_scale. apply Rmult_le_compat_l; [nra|exact V].
Qed.

(** C5d, C5c: the variance of the change of the follower's values, in the response. *)
Theorem value_by_likelihood_sharper :
  variance <= 2 * (bound / (1 - exp (- (eta * bound) / 2)) * (bound / (1 - exp (- (eta * bound) / 2))))
              * hellinger l p p'.
Proof.
  assert (HL : 0 < eta * bound) by now apply Rmult_lt_0_compat.
  destruct (slope_below _ HL) as [Hd _].
  apply Rmult_le_reg_l with (eta * eta); [now apply Rmult_lt_0_compat|].
  eapply Rle_trans; [apply variance_by_squares|].
  eapply Rle_trans; [apply (squares l p p') with (L := eta * bound)|].
  - now apply quantal_simplex.
  - now apply quantal_simplex.
  - intros; now apply quantal_pos.
  - intros; now apply quantal_pos.
  - exact HL.
  - exact log_response_below.
  - right. field. lra.
Qed.

Theorem value_by_likelihood_simply :
  variance <= 2 * ((2 / eta + bound) * (2 / eta + bound)) * hellinger l p p' /\
  2 * ((2 / eta + bound) * (2 / eta + bound)) * hellinger l p p'
    <= 8 * ((1 / eta + bound) * (1 / eta + bound)) * hellinger l p p'.
Proof.
  assert (HL : 0 < eta * bound) by now apply Rmult_lt_0_compat.
  assert (Hh : 0 <= hellinger l p p').
  { apply hellinger_range; try (now apply quantal_simplex); intros; now apply quantal_pos. }
  assert (Hi : 0 < / eta) by now apply Rinv_0_lt_compat.
  destruct (slope_below _ HL) as [Hd Hs]. set (d := 1 - exp (- (eta * bound) / 2)) in *. split.
  - eapply Rle_trans; [apply value_by_likelihood_sharper|]. fold d.
    apply Rmult_le_compat_r; [exact Hh|]. apply Rmult_le_compat_l; [lra|].
    assert (H0 : 0 <= bound / d) by (apply Rlt_le, Rdiv_lt_0_compat; assumption).
    assert (H1 : bound / d <= 2 / eta + bound).
    { apply Rmult_le_reg_l with eta; [assumption|].
      replace (eta * (bound / d)) with (eta * bound / d) by (field; lra).
      replace (eta * (2 / eta + bound)) with (2 + eta * bound) by (field; lra). exact Hs. }
    now apply Rmult_le_compat.
  - apply Rmult_le_compat_r; [exact Hh|].
    replace (2 / eta) with (2 * / eta) by reflexivity. replace (1 / eta) with (/ eta) by (field; lra). nra.
Qed.
End Responses.
